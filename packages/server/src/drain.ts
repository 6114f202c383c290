import type { Frame } from '@aideals/core';
import type { PushData } from '@aideals/protocol';
import type { Sockets } from './socket/sockets.js';

/** When the first may come back: a server that restarts needs a moment. */
const FIRST_MS = 1_000;
/** How far the comings are apart, and the most that the last one waits besides. */
const APART_MS = 2;
const MOST_MS = 30_000;
const SPREAD_MS = 1_000;

const goAway = (data: PushData<'goAway'>): Frame => ({
  text: JSON.stringify({ type: 'goAway', data, timestamp: Math.floor(Date.now() / 1000) }),
});

const after = (ms: number): { readonly passed: Promise<void>; readonly cancel: () => void } => {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { passed, cancel: () => clearTimeout(timer) };
};

/** Resolves with the promise, or when the time has passed. */
export const within = async (ms: number, promise: Promise<unknown>): Promise<void> => {
  const limit = after(Math.max(0, ms));
  await Promise.race([promise, limit.passed]);
  limit.cancel();
};

/** How much of the time the clients have to leave by themselves, and what is under way to end. */
const NOTICE = 0.3;
const ENDING = 0.9;

/**
 * Empties a server: tells each connection when to come back, serves those that stay for a while, then ends what is under
 * way, sends what waits, and closes with 1012. `closing` is called when no more requests are to be taken. What is still
 * there when the time is over is cut.
 */
export const drain = async (sockets: Sockets, ms: number, closing: () => void): Promise<void> => {
  const began = performance.now();
  const left = (share: number): number => ms * share - (performance.now() - began);
  const all = [...sockets];
  const window = Math.min(MOST_MS, all.length * APART_MS);
  for (const [i, session] of all.entries()) {
    const afterMs = FIRST_MS + Math.floor((i * window) / all.length);
    session.push(goAway({ afterMs, spreadMs: SPREAD_MS }));
  }
  await within(left(NOTICE), sockets.whenEmpty());
  closing();
  for (const session of [...sockets]) session.drain(left(ENDING));
  await within(left(1), sockets.whenEmpty());
  for (const session of [...sockets]) session.terminate();
  await sockets.whenEmpty();
};
