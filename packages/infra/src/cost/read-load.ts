import { parseArgs } from 'node:util';
import type { Load } from './estimate.js';
import { MONTHLY, type Part } from './prices.js';

/** Options by their names on the command line, with their defaults and bounds. */
const NUMBERS = {
  connections: { of: 'connections', otherwise: 10_000, min: 0, max: 1e8 },
  'session-minutes': { of: 'sessionMinutes', otherwise: 60, min: 0.1, max: 120 },
  'pings-per-hour': { of: 'pingsPerHour', otherwise: 12, min: 0, max: 3_600 },
  'chats-per-hour': { of: 'chatsPerHour', otherwise: 0, min: 0, max: 3_600 },
  'events-per-hour': { of: 'eventsPerHour', otherwise: 60, min: 0, max: 1e9 },
  receivers: { of: 'receivers', otherwise: 1_000, min: 0, max: 1e8 },
  'frame-bytes': { of: 'frameBytes', otherwise: 1_000, min: 1, max: 131_072 },
  'stored-gb': { of: 'storedGb', otherwise: 1, min: 0, max: 1e6 },
} as const satisfies Record<string, { of: keyof Load; otherwise: number; min: number; max: number }>;

const PARTS = Object.keys(MONTHLY).filter((part) => part !== 'base') as Part[];

const text = { type: 'string' } as const;

/** Reads a load from the command line. Throws one line that names the option. */
export const readLoad = (args: readonly string[]): Load => {
  const options = { ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, text])), with: text };
  const values: Readonly<Record<string, string | boolean | undefined>> = parseArgs({ args: [...args], options }).values;
  const numbers = Object.entries(NUMBERS).map(([name, { of, otherwise, min, max }]) => {
    const value = values[name] === undefined ? otherwise : Number(values[name]);
    if (!(value >= min && value <= max)) throw new Error(`--${name} must be a number from ${min} to ${max}`);
    return [of, value] as const;
  });
  const parts = String(values['with'] ?? '')
    .split(',')
    .filter((part) => part !== '');
  const strange = parts.find((part) => !(PARTS as readonly string[]).includes(part));
  if (strange !== undefined) throw new Error(`--with takes ${PARTS.join(', ')}; ${strange} is none of them`);
  return { ...(Object.fromEntries(numbers) as Omit<Load, 'parts'>), parts: parts as Part[] };
};
