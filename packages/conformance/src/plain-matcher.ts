import type { Json, JsonObject } from '@aideals/protocol';

const elements = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value]);

const words = (value: Json | undefined): readonly string[] =>
  elements(value ?? null).flatMap((item) =>
    typeof item === 'string'
      ? item
          .toLowerCase()
          .split(/[^\p{L}\p{N}]+/u)
          .filter(Boolean)
      : [],
  );

const bound = (key: string, attributes: JsonObject): readonly number[] => {
  const name = key.slice(3, 4).toLowerCase() + key.slice(4);
  const own = attributes[name] ?? (name === 'discount' ? attributes['discountPercentage'] : undefined);
  return own === undefined || own === null ? [] : elements(own).filter((item) => typeof item === 'number');
};

/** Whether an event matches, read straight from the rules FILTER-1 to FILTER-12, without a thought of speed. */
export const matchesPlainly = (filters: JsonObject, data: JsonObject, overlay: JsonObject = {}): boolean => {
  const attributes: JsonObject = { ...data };
  for (const [key, value] of Object.entries(overlay)) if (value !== null) attributes[key] = value;
  return Object.entries(filters).every(([key, wanted]) => {
    if (key === 'keywords') {
      const said = ['title', 'description', 'tags'].flatMap((name) => words(attributes[name]));
      return words(wanted).some((word) => said.includes(word));
    }
    if (/^min\p{Lu}/u.test(key)) return bound(key, attributes).some((number) => number >= Number(wanted));
    if (/^max\p{Lu}/u.test(key)) return bound(key, attributes).some((number) => number <= Number(wanted));
    const own = Object.hasOwn(attributes, key) ? attributes[key] : null;
    if (own === undefined || own === null) return false;
    return elements(own).some((item) => elements(wanted).includes(item));
  });
};
