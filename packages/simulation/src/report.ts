import type { Broken, Seen } from './checker/trace.js';
import type { Result } from './run.js';

const SHOWN = 14;
const WIDTH = 220;

const line = ({ index, step, clock, kind, ...rest }: Seen): string => {
  const time = new Date(clock).toISOString().slice(0, 23);
  const text = `${String(index).padStart(5)} ${String(step).padStart(5)} ${time} ${kind} ${JSON.stringify(rest)}`;
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
};

/** The names in a message: connections, subscriptions, users, ids, tags. */
const namesIn = (message: string): readonly string[] => {
  const words = message.split(/[^\w-]+/u).filter((word) => /\d/u.test(word) && !/^\d+$/u.test(word));
  return [...new Set(words)];
};

/** The last things that happened to who a broken law speaks of. */
const concerned = (trace: readonly Seen[], { message, at }: Broken): readonly Seen[] => {
  const end = at?.index ?? trace.length;
  const names = namesIn(message);
  const about = trace.filter((item) => {
    if (item.index > end) return false;
    if (item.kind === 'started' || item.kind === 'crashed') return true;
    const text = JSON.stringify(item);
    return names.some((name) => text.includes(`"${name}"`));
  });
  return about.slice(-SHOWN);
};

/** The command that replays a seed. */
export const replayOf = (seed: number, mutation: string | undefined): string =>
  `npm run simulate -- --seed ${seed} --verbose${mutation === undefined ? '' : ` --mutation ${mutation}`}`;

/** What is wrong with a seed, what led to it, and how to see it again. */
export const report = ({ seed, trace, broken }: Result, mutation: string | undefined): string => {
  if (broken === undefined) return `seed ${seed} holds\n`;
  const about = concerned(trace, broken).map(line);
  return [
    `seed ${seed} breaks a law: ${broken.law}`,
    `  ${broken.message}`,
    ...about.map((one) => `  ${one}`),
    `  replay: ${replayOf(seed, mutation)}`,
    '',
  ].join('\n');
};

/** Everything that was seen. */
export const story = ({ trace }: Result): string => trace.map((item) => `${line(item)}\n`).join('');
