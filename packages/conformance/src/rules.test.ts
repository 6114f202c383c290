import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { differences, holdsServerless } from './differences.js';
import { idsOf, parseRules, readRules, titlesIn } from './rules.js';

const folder = new URL('./suites/', import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));

describe('the rules of docs/protocol.md and the checks of the suite', () => {
  test('each rule has a check', () => {
    const tested = new Set(sources.flatMap(({ text }) => titlesIn(text).flatMap(idsOf)));
    expect([...readRules().keys()].filter((id) => !tested.has(id))).toEqual([]);
  });

  test('each check names a rule that there is', () => {
    const known = readRules();
    const wrong = sources.flatMap(({ name, text }) =>
      titlesIn(text).flatMap((title) => idsOf(title).flatMap((id) => (known.has(id) ? [] : [`${name}: ${id}`]))),
    );
    expect(wrong).toEqual([]);
  });

  test('each suite is run', () => {
    const run = new Set(
      sources.flatMap(({ text }) => [...text.matchAll(/^import '\.\/(.+)\.js';$/gm)].map((m) => m[1])),
    );
    const names = sources.map(({ name }) => name.replace(/\.ts$/, '')).filter((name) => !name.endsWith('.test'));
    expect(names.filter((name) => !run.has(name))).toEqual([]);
  });

  test('each check is made by `check`, which looks at its title', () => {
    const outside = sources.filter(({ text }) => /\b(?:test|it)(?:\.\w+)*\(/.test(text)).map(({ name }) => name);
    expect(outside).toEqual([]);
    for (const { name, text } of sources) {
      expect(titlesIn(text).length, `${name}: a title must be written where it is used`).toBe(
        [...text.matchAll(/\bcheck\(/g)].length,
      );
    }
  });
});

describe('what a serverless deployment does differently', () => {
  const titles = sources.flatMap(({ text }) => titlesIn(text));

  test('is declared and said for the same rules', () => {
    const said = [...readRules().values()].filter(({ serverless }) => serverless !== undefined).map(({ id }) => id);
    expect(differences.map(({ rule }) => rule).sort()).toEqual(said.sort());
  });

  test.each(differences)('$rule leaves out checks that there are', ({ rule, checks = [] }) => {
    for (const check of checks) {
      expect(titles.filter((title) => title.endsWith(`] ${check}`) && idsOf(title).includes(rule))).toHaveLength(1);
    }
  });

  test('leaves the other checks in', () => {
    const rules = parseRules(
      '- **CONN-1** One. **Serverless:** two.\n- **ERR-1** One.\n- **ORDER-1** One. **Serverless:** two.\n',
    );
    const holds = (title: string): boolean => holdsServerless(title, rules);
    expect(holds('[CONN-1] any other path is 404')).toBe(false);
    expect(holds('[CONN-1] another check')).toBe(true);
    expect(holds('[ORDER-1] in order')).toBe(false);
    expect(holds('[ERR-1][ORDER-1] in order')).toBe(true);
  });
});

describe('parseRules', () => {
  test('reads ids, and what a serverless deployment may do differently', () => {
    const rules = parseRules('text\n- **AB-1** One. **Serverless:** two.\n- **AB-2** Self-hosted: three.\n- none\n');
    expect([...rules.values()]).toEqual([
      { id: 'AB-1', text: 'One. **Serverless:** two.', serverless: 'two.', selfHosted: false },
      { id: 'AB-2', text: 'Self-hosted: three.', serverless: undefined, selfHosted: true },
    ]);
  });

  test('refuses an id that is given twice', () => {
    expect(() => parseRules('- **AB-1** One.\n- **AB-1** Two.\n')).toThrow('AB-1 is given twice');
  });
});

test('a title without a rule is refused', () => {
  expect(idsOf('[AB-1][C-22] does it')).toEqual(['AB-1', 'C-22']);
  expect(() => idsOf('does it')).toThrow('names no rule');
});
