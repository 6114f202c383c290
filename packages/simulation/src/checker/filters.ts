import type { Json, JsonObject } from '@aideals/protocol';

/** A reading of the filter rules, rule by rule and without any speed: what the core's is held against. */

const has = (value: Json | undefined): value is Json => value !== undefined && value !== null;

const own = (object: JsonObject | undefined, name: string): Json | undefined =>
  object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;

/** The event's data, overlaid with its filters; null is absent in both. */
const attribute = (data: JsonObject, overlay: JsonObject | undefined, name: string): Json | undefined => {
  const laid = own(overlay, name);
  return has(laid) ? laid : own(data, name);
};

const anyOf = (value: Json, holds: (one: Json) => boolean): boolean =>
  Array.isArray(value) ? value.some(holds) : holds(value);

const WORD = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}]*$/u;

const folded = (text: string): string =>
  text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');

/** The words of a text, and those that hyphens join as one. */
const wordsIn = (text: string): string[] =>
  folded(text)
    .split(/[^\p{L}\p{N}\p{M}\p{Pd}\u00ad\u2212]+/u)
    .flatMap((run) => {
      const parts = run.split(/[\p{Pd}\u00ad\u2212]+/u).filter((part) => WORD.test(part));
      return [...parts, parts.join('')];
    })
    .filter(Boolean);

const wordsOf = (value: Json | undefined): string[] => {
  const texts = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => (typeof text === 'string' ? wordsIn(text) : []));
};

const holds = (key: string, wanted: Json, data: JsonObject, overlay: JsonObject | undefined): boolean => {
  const at = (name: string): Json | undefined => attribute(data, overlay, name);
  if (key === 'keywords') {
    const words = new Set(['title', 'description', 'tags'].flatMap((name) => wordsOf(at(name))));
    // All words of a keyword written as one are one of its words too.
    const sought = (word: string): string[] => [...wordsIn(word), ...wordsIn(word.replaceAll(' ', '-'))];
    return anyOf(wanted, (word) => typeof word === 'string' && sought(word).some((each) => words.has(each)));
  }
  const bound = /^(min|max)(\p{Lu}.*)$/u.exec(key);
  if (bound !== null) {
    const rest = bound[2] as string;
    const name = rest.charAt(0).toLowerCase() + rest.slice(1);
    let found = at(name);
    if (name === 'discount' && !has(found)) found = at('discountPercentage');
    if (!has(found) || typeof wanted !== 'number') return false;
    return anyOf(
      found,
      (value) => typeof value === 'number' && (bound[1] === 'min' ? value >= wanted : value <= wanted),
    );
  }
  const found = at(key);
  return has(found) && anyOf(wanted, (option) => anyOf(found, (value) => value === option));
};

/** Whether an event is what these filters ask for. */
export const asksFor = (filters: JsonObject, data: JsonObject, overlay: JsonObject | undefined): boolean =>
  Object.entries(filters).every(([key, wanted]) => holds(key, wanted, data, overlay));

/** Whether a subscription on one topic receives what is published on another. */
export const hears = (topic: string, published: string): boolean =>
  topic === published || (topic === 'all-deals' && published !== 'price-updates');
