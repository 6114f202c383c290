import {
  type Attributes,
  type Filters,
  type FilterValue,
  isBound,
  type Json,
  type JsonObject,
} from '@aideals/protocol';

/** Decides whether an event's attributes fulfil a subscription's filters. */
export type Matcher = (attributes: JsonObject) => boolean;

const WORDS = /[\p{L}\p{N}]+/gu;

/** The words of a text, in lower case: runs of letters and digits. */
export const words = (text: string): string[] => text.toLowerCase().match(WORDS) ?? [];

const listed = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** An own attribute that is there: null counts as absent. */
const attribute = (attributes: JsonObject, name: string): Json | undefined => {
  if (!Object.hasOwn(attributes, name)) return undefined;
  return attributes[name] ?? undefined;
};

const numberUnder = (attributes: JsonObject, name: string): Json | undefined => {
  const value = attribute(attributes, name);
  return value === undefined && name === 'discount' ? attribute(attributes, 'discountPercentage') : value;
};

const bound = (key: string, limit: number): Matcher => {
  const name = key.charAt(3).toLowerCase() + key.slice(4);
  const holds = key.startsWith('min') ? (x: Json) => (x as number) >= limit : (x: Json) => (x as number) <= limit;
  const fits = (x: Json) => typeof x === 'number' && holds(x);
  return (attributes) => {
    const value = numberUnder(attributes, name);
    if (value === undefined) return false;
    return Array.isArray(value) ? value.some(fits) : fits(value);
  };
};

const oneOf = (key: string, wanted: FilterValue): Matcher => {
  const values = new Set<Json>(listed(wanted));
  return (attributes) => {
    const value = attribute(attributes, key);
    if (value === undefined) return false;
    return Array.isArray(value) ? value.some((element) => values.has(element)) : values.has(value);
  };
};

const SEARCHED = ['title', 'description', 'tags'] as const;

const keywords = (wanted: FilterValue): Matcher => {
  const sought = new Set(listed(wanted).flatMap((word) => words(String(word))));
  const found = (value: Json | undefined): boolean =>
    typeof value === 'string' && words(value).some((word) => sought.has(word));
  return (attributes) =>
    SEARCHED.some((name) => {
      const value = attribute(attributes, name);
      return Array.isArray(value) ? value.some(found) : found(value);
    });
};

/** Filters as one decision. No filters: everything. */
export const compile = (filters: Filters): Matcher => {
  const conditions = Object.entries(filters).map(([key, value]) => {
    if (key === 'keywords') return keywords(value);
    return isBound(key) && typeof value === 'number' ? bound(key, value) : oneOf(key, value);
  });
  return (attributes) => conditions.every((holds) => holds(attributes));
};

export const matches = (filters: Filters, attributes: JsonObject): boolean => compile(filters)(attributes);

/** What filters are matched against: an event's data overlaid with its filters, where null counts as absent. */
export const attributesOf = (event: { data: JsonObject; filters?: Attributes }): JsonObject => {
  if (event.filters === undefined) return event.data;
  const merged: JsonObject = { ...event.data };
  for (const [key, value] of Object.entries(event.filters)) {
    if (value !== null) merged[key] = value;
  }
  return merged;
};

const orderOf = (value: FilterValue): FilterValue =>
  Array.isArray(value)
    ? [...new Map(value.map((v) => [JSON.stringify(v), v])).entries()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, v]) => v)
    : value;

/** The same text for equal filters: keys in order, lists as sets. */
export const canonical = (filters: Filters): string =>
  JSON.stringify(
    Object.keys(filters)
      .sort()
      .map((key) => [key, orderOf(filters[key] as FilterValue)]),
  );
