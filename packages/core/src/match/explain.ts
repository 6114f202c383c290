import type { Filters, Json, JsonObject } from '@aideals/protocol';
import { boundedAttribute, type Condition, conditionsOf } from './conditions.js';
import { compileCondition } from './matches.js';

/** A filter that does not hold, and why. */
export interface Failed {
  readonly filter: string;
  readonly reason: string;
}

const MOST_CHARACTERS = 64;
const MOST_ITEMS = 5;

const cut = (text: string): string => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);

/** A value in a few characters, however large it is. */
const shown = (value: Json): string => {
  if (typeof value === 'string') return JSON.stringify(cut(value));
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? 'an object' : String(value);
  return `[${value.slice(0, MOST_ITEMS).map(shown).join(', ')}${value.length > MOST_ITEMS ? ', …' : ''}]`;
};

const list = (values: Iterable<Json>): string => {
  const all = [...values];
  return (
    all.slice(0, MOST_ITEMS).map(shown).join(', ') +
    (all.length > MOST_ITEMS ? `, and ${all.length - MOST_ITEMS} more` : '')
  );
};

/** Which attribute a bound looks at. */
const boundedName = (attributes: JsonObject, name: string): string =>
  name === 'discount' && (!Object.hasOwn(attributes, name) || attributes[name] === null) ? 'discountPercentage' : name;

const whyBound = ({ name, isLeast, limit }: Extract<Condition, { kind: 'bound' }>, attributes: JsonObject): string => {
  const value = boundedAttribute(attributes, name);
  const outside = isLeast ? `below ${limit}` : `above ${limit}`;
  if (value === undefined) {
    return name === 'discount'
      ? 'the event has no discount and no discountPercentage'
      : `the event has no ${cut(name)}`;
  }
  const is = `${cut(boundedName(attributes, name))} is ${shown(value)}`;
  if (Array.isArray(value)) return `${is}, where no number is ${isLeast ? 'at least' : 'at most'} ${limit}`;
  return typeof value === 'number' ? `${is}, ${outside}` : `${is}, which is no number`;
};

const why = (condition: Condition, attributes: JsonObject): string => {
  if (condition.kind === 'words') return `title, description and tags hold none of ${list(condition.words)}`;
  if (condition.kind === 'bound') return whyBound(condition, attributes);
  const { name, values } = condition;
  const value = Object.hasOwn(attributes, name) ? (attributes[name] ?? null) : null;
  if (value === null) return `the event has no ${cut(name)}`;
  return `${cut(name)} is ${shown(value)}, not ${values.size === 1 ? '' : 'any of '}${list(values)}`;
};

/** The filters that do not hold for an event, at most so many, in the order of their names. */
export const failedOf = (filters: Filters, attributes: JsonObject, most: number): Failed[] => {
  const failed: Failed[] = [];
  for (const condition of conditionsOf(filters)) {
    if (failed.length === most) break;
    if (compileCondition(condition)(attributes)) continue;
    failed.push({ filter: condition.key, reason: why(condition, attributes) });
  }
  return failed;
};
