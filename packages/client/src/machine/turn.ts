import type { ActionName } from '../frames.js';
import type { Effect, Moment, State, Sub } from './state.js';

/** One step in the making: the state so far, and what shall happen. */
export interface Turn {
  state: State;
  readonly out: Effect[];
  readonly moment: Moment;
}

export const set = (turn: Turn, patch: Partial<State>): void => {
  turn.state = { ...turn.state, ...patch };
};

/** A number that was not given out before. */
export const serial = (turn: Turn): number => {
  set(turn, { serial: turn.state.serial + 1 });
  return turn.state.serial;
};

/** Sends an action of the machine's own, and tells its request id. */
export const send = (turn: Turn, action: ActionName, data: object): string => {
  const requestId = `m${serial(turn)}`;
  turn.out.push({ type: 'send', frame: { action, data, requestId } });
  return requestId;
};

export const setSub = (turn: Turn, sub: Sub): void => set(turn, { subs: new Map(turn.state.subs).set(sub.id, sub) });

export const removeSub = (turn: Turn, id: string): void => {
  const subs = new Map(turn.state.subs);
  subs.delete(id);
  set(turn, { subs });
};

/** Whether new frames may be sent. */
export const sendable = (state: State): boolean => state.link.at === 'open' && state.link.leaving === undefined;

/** Full jitter: a random part of a ceiling that doubles with each failure. */
export const jitter = (turn: Turn, failures: number): number => {
  const { baseDelay, maxDelay } = turn.state.config.timing;
  return turn.moment.random * Math.min(maxDelay, baseDelay * 2 ** Math.min(Math.max(0, failures - 1), 30));
};
