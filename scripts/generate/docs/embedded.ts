/** Files that are shown in hand-written pages: below each `<!-- file: path -->` stands that file as it is. */
import { readFileSync } from 'node:fs';
import { code } from './markdown.ts';

const PLACE = /(<!-- file: (\S+) -->\n)(?:\n```\w*\n[\s\S]*?\n```\n)?/gu;

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

export const embedded = (page: string): string =>
  read(page).replace(PLACE, (_, mark: string, path: string) => {
    const language = path.replace(/^.*\./u, '');
    return `${mark}\n${code(language, read(path).trimEnd())}\n`;
  });
