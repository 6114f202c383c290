import { readFileSync } from 'node:fs';

export interface Rule {
  readonly id: string;
  readonly text: string;
  /** What a serverless deployment may do differently, where the rule lists it. */
  readonly serverless: string | undefined;
  readonly selfHosted: boolean;
}

const RULE = /^- \*\*([A-Z]+-\d+)\*\* (.+)$/gm;
const SERVERLESS = / \*\*Serverless:\*\* (.+)$/;
const SELF_HOSTED_GROUPS = /^(?:START|STOP)-/;

/** The rules of a protocol text, in its order. Throws where an id is given twice. */
export const parseRules = (markdown: string): ReadonlyMap<string, Rule> => {
  const rules = new Map<string, Rule>();
  for (const [, id = '', text = ''] of markdown.matchAll(RULE)) {
    if (rules.has(id)) throw new Error(`the rule ${id} is given twice`);
    const selfHosted = text.startsWith('Self-hosted:') || SELF_HOSTED_GROUPS.test(id);
    rules.set(id, { id, text, serverless: SERVERLESS.exec(text)?.[1], selfHosted });
  }
  return rules;
};

/** The rules of `docs/protocol.md`, read anew. */
export const readRules = (): ReadonlyMap<string, Rule> =>
  parseRules(readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8'));

const TAGS = /^(?:\[[A-Z]+-\d+\])+(?= \S)/;

/** The ids that a test's title begins with: `[SUB-4][LOG-2] …`. Throws where it names none. */
export const idsOf = (title: string): readonly string[] => {
  const tags = TAGS.exec(title)?.[0];
  if (tags === undefined) throw new Error(`the test "${title}" names no rule`);
  return tags.slice(1, -1).split('][');
};

/** The titles of the checks in the source of a suite, as they are written there. */
export const titlesIn = (source: string): readonly string[] =>
  [...source.matchAll(/\bcheck(?:\.\w+)?\(\s*(['"`])((?:(?!\1).)*)\1/g)].map((found) => found[2] ?? '');
