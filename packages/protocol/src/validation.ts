import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { FieldError } from './errors.js';

type Issue = z.core.$ZodIssue;

/** The nearest of the known names, where one is near enough to be meant. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  if (known.length === 0) return undefined;
  const lower = name.toLowerCase();
  const best = closest(
    lower,
    known.map((k) => k.toLowerCase()),
  );
  const index = known.findIndex((k) => k.toLowerCase() === best);
  return distance(lower, best) <= Math.max(2, Math.floor(name.length / 3)) ? known[index] : undefined;
};

const shown = (text: string): string => (text.length > 64 ? `${text.slice(0, 64)}…` : text);

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a finite number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
  record: 'a JSON object',
};

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'items' };

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );

const range = (issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string => {
  const [word, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  const unit = UNITS[issue.origin];
  return unit === undefined ? `must be ${word} ${limit}` : `must have ${word} ${limit} ${unit}`;
};

const ZODS_OWN = /^(?:Invalid|Too|Unrecognized)\b/u;

/** What to do about an issue: the schema's own words where it has some, else a plain sentence. */
const say = (issue: Issue, value: unknown): string => {
  if (!ZODS_OWN.test(issue.message)) return issue.message;
  if (valueAt(value, issue.path) === undefined) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'too_small':
    case 'too_big':
      return range(issue);
    case 'invalid_value':
      return `must be ${issue.values.map((each) => JSON.stringify(each)).join(' or ')}`;
    default:
      return issue.message;
  }
};

/**
 * The wrong fields of a parse of `value`, each with its path from `root` (for a frame `['data']`, for a body none).
 * `known` are the field names of the object itself, for the nearest one to an unknown field.
 */
export const fieldErrors = (
  error: z.core.$ZodError,
  value: unknown,
  root: readonly PropertyKey[],
  known: readonly string[],
): FieldError[] => {
  const found: FieldError[] = [];
  for (const issue of error.issues) {
    const path = [...root, ...issue.path].map(String);
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, 10)) {
        const near = issue.path.length === 0 ? nearest(key, known) : undefined;
        found.push({
          path: [...path, shown(key)].join('.'),
          message: near === undefined ? 'unknown field' : `unknown field; did you mean ${near}?`,
        });
      }
      continue;
    }
    found.push({ path: path.map(shown).join('.'), message: say(issue, value) });
  }
  return found.slice(0, 20);
};
