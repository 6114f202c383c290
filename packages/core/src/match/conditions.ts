import { type Filters, type FilterValue, isBound, type Json, type JsonObject } from '@aideals/protocol';
import { addWords, soughtWords } from './keywords.js';

export type Scalar = string | number | boolean;

/** One filter, as it is decided. `key` is the filter's own, `name` the attribute that it looks at. */
export type Condition =
  | { readonly kind: 'any'; readonly key: string; readonly name: string; readonly values: ReadonlySet<Scalar> }
  | { readonly kind: 'words'; readonly key: string; readonly words: ReadonlySet<string> }
  | {
      readonly kind: 'bound';
      readonly key: string;
      readonly name: string;
      readonly isLeast: boolean;
      readonly limit: number;
    };

const listed = (value: FilterValue): readonly Scalar[] => (Array.isArray(value) ? value : [value]);

const conditionOf = (key: string, value: FilterValue): Condition => {
  if (key === 'keywords') return { kind: 'words', key, words: soughtWords(listed(value).map(String)) };
  if (isBound(key) && typeof value === 'number') {
    const name = key.charAt(3).toLowerCase() + key.slice(4);
    return { kind: 'bound', key, name, isLeast: key.startsWith('min'), limit: value };
  }
  return { kind: 'any', key, name: key, values: new Set(listed(value)) };
};

/** The conditions of filters, in an order that is the same for equal filters. */
export const conditionsOf = (filters: Filters): Condition[] =>
  Object.keys(filters)
    .sort()
    .map((key) => conditionOf(key, filters[key] as FilterValue));

/** An own attribute that is there: null counts as absent. */
export const attribute = (attributes: JsonObject, name: string): Json | undefined => {
  if (!Object.hasOwn(attributes, name)) return undefined;
  return attributes[name] ?? undefined;
};

/** What a bound on `name` looks at. */
export const boundedAttribute = (attributes: JsonObject, name: string): Json | undefined => {
  const value = attribute(attributes, name);
  return value === undefined && name === 'discount' ? attribute(attributes, 'discountPercentage') : value;
};

const SEARCHED = ['title', 'description', 'tags'] as const;

/** What was looked at last, and its words: those who look at one event do so in a row. */
let last: { readonly texts: readonly (Json | undefined)[]; readonly words: ReadonlySet<string> } | undefined;

/** The words of an event that keywords find. */
export const wordsOf = (attributes: JsonObject): ReadonlySet<string> => {
  const texts = SEARCHED.map((name) => attribute(attributes, name));
  if (last?.texts.every((text, n) => text === texts[n])) return last.words;
  const words = new Set<string>();
  for (const value of texts) {
    if (typeof value === 'string') addWords(value, words);
    else if (Array.isArray(value)) for (const each of value) if (typeof each === 'string') addWords(each, words);
  }
  last = { texts, words };
  return words;
};
