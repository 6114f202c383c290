import type { Filters, JsonObject } from './frames.js';

type Value = JsonObject[string];
type FilterValue = Filters[string];

/** Whether an event's attributes fulfil filters, as the server decides it. */
export type Matcher = (attributes: JsonObject) => boolean;

const COMPOUNDS = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:[\p{Pd}\u00ad\u2212]+[\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu;
const HYPHENS = /[\p{Pd}\u00ad\u2212]+/u;
const BOUND = /^(?:min|max)\p{Lu}/u;
const SEARCHED = ['title', 'description', 'tags'];

const listed = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
/** One form for what differs only in case, width or composition. */
const folded = (text: string): string =>
  text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');

/** The words of a text, part by part: those that hyphens join are parts of one. */
const parts = (text: string): string[][] => (folded(text).match(COMPOUNDS) ?? []).map((each) => each.split(HYPHENS));
const words = (text: string): string[] => parts(text).flatMap((each) => [...each, each.join('')]);
const sought = (keyword: string): string[] => [...words(keyword), parts(keyword).flat().join('')];

const attribute = (attributes: JsonObject, name: string): Value[] => {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return value === undefined || value === null ? [] : listed(value as Value | Value[]);
};

const present = (attributes: JsonObject, name: string): boolean => (attributes[name] ?? null) !== null;

const condition = (key: string, wanted: FilterValue): Matcher => {
  if (key === 'keywords') {
    const wantedWords = new Set(listed(wanted).flatMap((each) => sought(String(each))));
    return (attributes) =>
      SEARCHED.some((name) =>
        attribute(attributes, name).some(
          (text) => typeof text === 'string' && words(text).some((w) => wantedWords.has(w)),
        ),
      );
  }
  if (BOUND.test(key) && typeof wanted === 'number') {
    const name = key.charAt(3).toLowerCase() + key.slice(4);
    const least = key.startsWith('min');
    return (attributes) => {
      const source = name === 'discount' && !present(attributes, name) ? 'discountPercentage' : name;
      return attribute(attributes, source).some((x) => typeof x === 'number' && (least ? x >= wanted : x <= wanted));
    };
  }
  const values = new Set<Value>(listed(wanted));
  return (attributes) => attribute(attributes, key).some((value) => values.has(value));
};

/** Filters as one decision. No filters: everything. */
export const compile = (filters: Filters): Matcher => {
  const conditions = Object.entries(filters).map(([key, wanted]) => condition(key, wanted));
  return (attributes) => conditions.every((holds) => holds(attributes));
};

const order = (value: FilterValue): FilterValue =>
  Array.isArray(value)
    ? [...new Map(value.map((v) => [JSON.stringify(v), v])).entries()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, v]) => v)
    : value;

/** The same text for what the server takes as one subscription: keys in order, lists as sets. */
export const keyOf = (topic: string, filters: Filters): string =>
  JSON.stringify([
    topic,
    Object.keys(filters)
      .sort()
      .map((key) => [key, order(filters[key] as FilterValue)]),
  ]);

/** Whether a subscription's topic takes events of a topic. */
export const takes = (subscribed: string, topic: string): boolean =>
  subscribed === topic || (subscribed === 'all-deals' && topic !== 'price-updates');
