/** Every link between our pages leads somewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md'], {
  cwd: root,
})
  .toString()
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));

/** Without code, in which brackets mean something else. */
const prose = (file: string): string =>
  readFileSync(join(root, file), 'utf8')
    .replace(/^```[\s\S]*?^```$/gmu, '')
    .replace(/`[^`\n]*`/gu, '');

/** As the sites that show Markdown make anchors of headings. */
const anchors = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/^#+ (.*)$/gmu)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/gu, '-'),
  );

test.each(pages)('the links of %s', (page) => {
  const broken: string[] = [];
  for (const [, target = ''] of prose(page).matchAll(/\]\(([^)\s]+)\)/gu)) {
    if (/^[a-z]+:/u.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : relative(root, join(root, dirname(page), decodeURIComponent(path)));
    if (!existsSync(join(root, file))) broken.push(target);
    else if (anchor !== undefined && !anchors(file).includes(anchor)) broken.push(target);
  }
  expect(broken).toEqual([]);
});
