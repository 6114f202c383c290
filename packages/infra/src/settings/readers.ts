import { isIP } from 'node:net';
import { z } from 'zod';

/** What `-c name=value` gives is text, and what `cdk.json` gives may be of its own type: both are taken. */

export const text = (pattern: RegExp, phrase: string) => z.string(phrase).regex(pattern, phrase);

export const flag = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((given) => given === 'true')],
  'must be true or false',
);

export const whole = (min: number, max: number) => {
  const phrase = `must be a whole number from ${min} to ${max}`;
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,12}$/u)
          .transform(Number),
      ],
      phrase,
    )
    .refine((given) => Number.isInteger(given) && given >= min && given <= max, phrase);
};

const itemsOf = (given: string): string[] =>
  given
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Items with commas between, or a list of them. */
export const list = z.union(
  [z.string().transform(itemsOf), z.array(z.string())],
  'must be a list, with commas between',
);

const isNetwork = (item: string): boolean => {
  const [address = '', prefix, ...rest] = item.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/u.test(prefix) && Number(prefix) <= bits);
  return isIP(address) !== 0 && rest.length === 0 && isPrefix;
};

/** `holds` of each item; `phrase` follows the item that is none. */
export const listOf = (holds: (item: string) => boolean, phrase: string) =>
  list.superRefine((items, context) => {
    const wrong = items.find((item) => !holds(item));
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: `${wrong} ${phrase}` });
  });

export const networks = listOf(isNetwork, 'is no address or network; write it as 10.0.0.0/8 or 2001:db8::/32');

const isOrigin = (item: string): boolean =>
  item === '*' || item === 'null' || (URL.canParse(item) && new URL(item).origin === item);

export const origins = listOf(isOrigin, 'is no origin; write it as https://app.example.com, null, or *');

/** An object, or its JSON. */
const object = z.union(
  [
    z.record(z.string(), z.unknown()),
    z.string().transform((given, context): Record<string, unknown> => {
      try {
        const parsed: unknown = JSON.parse(given);
        if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
      } catch {
        // Said below, as for JSON of another kind.
      }
      context.addIssue({ code: 'custom', message: 'must be a JSON object' });
      return z.NEVER;
    }),
  ],
  'must be a JSON object',
);

/** An object of texts: numbers and booleans are written as they are said. */
export const variables = (isAllowed: (name: string) => boolean, phrase: string) =>
  object.transform((given, context): Readonly<Record<string, string>> => {
    const read: Record<string, string> = {};
    for (const [name, value] of Object.entries(given)) {
      const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      if (!isAllowed(name)) context.addIssue({ code: 'custom', message: `${name} ${phrase}` });
      else if (!isPlain)
        context.addIssue({ code: 'custom', message: `${name} must be a text, a number, or true or false` });
      else read[name] = String(value);
    }
    return read;
  });

/** Whole numbers by name: `name=12,other=3`, or an object. */
export const counts = (names: readonly string[], min: number, max: number) => {
  const number = whole(min, max);
  const pairs = z.union([
    z.record(z.string(), z.unknown()),
    z.string().transform((given) => Object.fromEntries(itemsOf(given).map((item) => item.split('=', 2)))),
  ]);
  return pairs.transform((given: Record<string, unknown>, context): Readonly<Record<string, number>> => {
    const read: Record<string, number> = {};
    for (const [name, value] of Object.entries(given)) {
      const parsed = number.safeParse(value);
      if (!names.includes(name)) {
        context.addIssue({ code: 'custom', message: `${name} is none of ${names.join(', ')}` });
      } else if (!parsed.success) {
        context.addIssue({ code: 'custom', message: `${name} must be a whole number from ${min} to ${max}` });
      } else read[name] = parsed.data;
    }
    return read;
  });
};
