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

const say = (issue: Issue): string => {
  if (issue.code === 'invalid_type' && issue.input === undefined && issue.message.startsWith('Invalid input')) {
    return 'is required';
  }
  return issue.message.replace(/^Invalid input: /u, '');
};

/**
 * The wrong fields of a parse, each with its path from `root` (for a frame `['data']`, for a body none).
 * `known` are the field names of the object itself, for the nearest one to an unknown field.
 */
export const fieldErrors = (
  error: z.core.$ZodError,
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
    found.push({ path: path.map(shown).join('.'), message: say(issue) });
  }
  return found.slice(0, 20);
};
