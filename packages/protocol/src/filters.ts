import { z } from 'zod';
import { identifier, topicName } from './fields.js';

const WORD = /[\p{L}\p{N}]/u;
const BOUND = /^(?:min|max)\p{Lu}/u;

export const MAX_FILTER_KEYS = 32;
export const MAX_FILTER_STRING = 256;
export const MAX_FILTER_LIST = 100;
export const MAX_KEYWORDS = 20;

const text = z.string().max(MAX_FILTER_STRING);
const scalar = z.union([text, z.number(), z.boolean()]);
const value = z.union([scalar, z.array(scalar).min(1).max(MAX_FILTER_LIST)], {
  error: `must be a string of up to ${MAX_FILTER_STRING} characters, a finite number, a boolean, or a list of 1 to ${MAX_FILTER_LIST} of them`,
});

/** Whether a filter's key is an inclusive bound: `min` or `max` and an upper-case letter. */
export const isBound = (key: string): boolean => BOUND.test(key);

const keyword = text.regex(WORD, 'must hold at least one letter or digit');
const keywords = z.union([keyword, z.array(keyword).min(1).max(MAX_KEYWORDS)], {
  error: `must be a word or a list of 1 to ${MAX_KEYWORDS} words, each with a letter or a digit and up to ${MAX_FILTER_STRING} characters`,
});

const checks = (key: string) => {
  if (key === 'keywords') return keywords;
  return isBound(key) ? z.number({ error: 'must be a finite number: the key is a bound' }) : value;
};

/**
 * What a subscription asks of a deal; all of it must hold. `minX` and `maxX` are inclusive bounds on the number `x`,
 * `keywords` any of the words in title, description or tags, a list any of its values, all else equality by type and case.
 */
export const filters = z.record(z.string().min(1).max(128), value).superRefine((given, context) => {
  const keys = Object.keys(given);
  if (keys.length > MAX_FILTER_KEYS) {
    context.addIssue({ code: 'custom', message: `must have at most ${MAX_FILTER_KEYS} keys` });
    return;
  }
  for (const key of keys) {
    const result = checks(key).safeParse(given[key]);
    if (result.success) continue;
    for (const issue of result.error.issues) {
      context.addIssue({ code: 'custom', path: [key, ...issue.path], message: issue.message });
    }
  }
});

export type Filters = z.output<typeof filters>;
export type FilterValue = Filters[string];

const plain = z.union([z.string(), z.number(), z.boolean()]);
const attribute = z.union([plain, z.null(), z.array(plain)], {
  error: 'must be a string, a finite number, a boolean, null, or a list of strings, numbers and booleans',
});

/** Attributes of an event that are laid over its `data` for matching; `null` counts as absent. */
export const attributes = z.record(z.string().min(1).max(128), attribute);

export type Attributes = z.output<typeof attributes>;

/** What a subscription makes of an event. */
export const explained = z.object({
  subscriptionId: identifier,
  topic: topicName.describe('That of the subscription.'),
  isOnTopic: z.boolean().describe('Whether it hears the topic of the event.'),
  matches: z.boolean().describe('Whether the event reaches it.'),
  failed: z
    .array(z.object({ filter: z.string(), reason: z.string() }))
    .describe('The filters that do not hold, each with the reason.'),
});
