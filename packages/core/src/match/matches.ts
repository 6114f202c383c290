import type { Attributes, Filters, FilterValue, Json, JsonObject } from '@aideals/protocol';
import { attribute, boundedAttribute, type Condition, conditionsOf, wordsOf } from './conditions.js';

/** Decides whether an event's attributes fulfil a subscription's filters. */
export type Matcher = (attributes: JsonObject) => boolean;

const anyOf = (value: Json, holds: (one: Json) => boolean): boolean =>
  Array.isArray(value) ? value.some(holds) : holds(value);

/** One condition as a decision. */
export const compileCondition = (condition: Condition): Matcher => {
  if (condition.kind === 'words') {
    const { words } = condition;
    return (attributes) => {
      for (const word of wordsOf(attributes)) if (words.has(word)) return true;
      return false;
    };
  }
  const { name } = condition;
  if (condition.kind === 'bound') {
    const { isLeast, limit } = condition;
    const fits = (x: Json) => typeof x === 'number' && (isLeast ? x >= limit : x <= limit);
    return (attributes) => {
      const value = boundedAttribute(attributes, name);
      return value !== undefined && anyOf(value, fits);
    };
  }
  const values: ReadonlySet<Json> = condition.values;
  return (attributes) => {
    const value = attribute(attributes, name);
    return value !== undefined && anyOf(value, (one) => values.has(one));
  };
};

// Words are looked for last: that costs the most.
const byCost = (a: Condition, b: Condition): number => Number(a.kind === 'words') - Number(b.kind === 'words');

/** Filters as one decision. No filters: everything. */
export const compile = (filters: Filters): Matcher => {
  const conditions = conditionsOf(filters).sort(byCost).map(compileCondition);
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
