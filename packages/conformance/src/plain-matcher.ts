import type { Json, JsonObject } from '@aideals/protocol';

const elements = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value]);

const folded = (text: string): string =>
  text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');

/** The words of a text in groups: those of a group are joined by hyphens alone. */
const groups = (text: string): readonly (readonly string[])[] => {
  const found: string[][] = [];
  let group: string[] = [];
  let word = '';
  for (const character of `${folded(text)} `) {
    if (/[\p{L}\p{N}]/u.test(character) || (word !== '' && /\p{M}/u.test(character))) {
      word += character;
      continue;
    }
    if (word !== '') group.push(word);
    word = '';
    if (/[\p{Pd}\u00ad\u2212]/u.test(character)) continue;
    if (group.length > 0) found.push(group);
    group = [];
  }
  return found;
};

const texts = (value: Json | undefined): readonly string[] =>
  elements(value ?? null).filter((item) => typeof item === 'string');

const words = (text: string): readonly string[] => groups(text).flatMap((group) => [...group, group.join('')]);

const sought = (keyword: string): readonly string[] => [...words(keyword), groups(keyword).flat().join('')];

const bound = (key: string, attributes: JsonObject): readonly number[] => {
  const name = key.slice(3, 4).toLowerCase() + key.slice(4);
  const own = attributes[name] ?? (name === 'discount' ? attributes['discountPercentage'] : undefined);
  return own === undefined || own === null ? [] : elements(own).filter((item) => typeof item === 'number');
};

/** Whether an event matches, read straight from the rules FILTER-1 to FILTER-14, without a thought of speed. */
export const matchesPlainly = (filters: JsonObject, data: JsonObject, overlay: JsonObject = {}): boolean => {
  const attributes: JsonObject = { ...data };
  for (const [key, value] of Object.entries(overlay)) if (value !== null) attributes[key] = value;
  return Object.entries(filters).every(([key, wanted]) => {
    if (key === 'keywords') {
      const said = ['title', 'description', 'tags'].flatMap((name) => texts(attributes[name])).flatMap(words);
      return texts(wanted)
        .flatMap(sought)
        .some((word) => said.includes(word));
    }
    if (/^min\p{Lu}/u.test(key)) return bound(key, attributes).some((number) => number >= Number(wanted));
    if (/^max\p{Lu}/u.test(key)) return bound(key, attributes).some((number) => number <= Number(wanted));
    const own = Object.hasOwn(attributes, key) ? attributes[key] : null;
    if (own === undefined || own === null) return false;
    return elements(own).some((item) => elements(wanted).includes(item));
  });
};
