import { advance } from '../event-id.js';
import type { DealEvent, Filters, JsonObject } from '../frames.js';
import { compile, type Matcher, takes } from '../matching.js';
import type { Request, State, Sub } from './state.js';
import { set, setSub, type Turn } from './turn.js';

const compiled = new WeakMap<Filters, Matcher>();

const matcherOf = (filters: Filters): Matcher => {
  let matcher = compiled.get(filters);
  if (matcher === undefined) {
    matcher = compile(filters);
    compiled.set(filters, matcher);
  }
  return matcher;
};

/** What filters are matched against: an event's data, overlaid with the attributes that its publisher gave besides. */
const attributesOf = (event: DealEvent & { filters?: JsonObject }): JsonObject => {
  if (typeof event.filters !== 'object' || event.filters === null) return event.data;
  const given = Object.entries(event.filters).filter(([, value]) => value !== null);
  return { ...event.data, ...Object.fromEntries(given) };
};

/** What the server may match for a subscription at this moment; also before it has confirmed. */
const served = (sub: Sub): Request[] => {
  const requests: Request[] = sub.phase === 'waiting' ? [] : [sub.ask?.change ?? sub];
  return sub.before?.serverId === undefined ? requests : [...requests, sub.before];
};

/**
 * Whose a live event is. The server sends one copy, however many subscriptions match, and does not say which. The only one
 * on its topic it is of course; with more of them each one's filters decide, as on the server.
 */
const owners = (state: State, event: DealEvent): string[] => {
  const onTopic = (request: Request): boolean => takes(request.topic, event.topic);
  const candidates = [...state.subs.values()].filter((sub) => served(sub).some(onTopic));
  const ids = (subs: readonly Sub[]): string[] => subs.map((sub) => sub.id);
  // The server has no other subscriptions than these.
  const complete = state.ending.size === 0 && state.orphans.size === 0 && !state.byHand;
  if (complete && candidates.length === 1) return ids(candidates);
  const attributes = attributesOf(event);
  const matching = candidates.filter((sub) =>
    served(sub).some((request) => onTopic(request) && matcherOf(request.filters)(attributes)),
  );
  // It came because one of them matches, by something that is not told here: rather to all than to none.
  return ids(complete && matching.length === 0 ? candidates : matching);
};

const replay = (turn: Turn, event: DealEvent, serverId: string): string[] => {
  const to: string[] = [];
  for (const sub of turn.state.subs.values()) {
    if (sub.serverId === serverId && sub.phase === 'replaying') {
      setSub(turn, { ...sub, cursor: advance(sub.cursor, event.id) });
      to.push(sub.id);
    } else if (sub.before?.serverId === serverId && sub.before.phase === 'replaying') {
      to.push(sub.id);
    }
  }
  return to;
};

/** Hands an event of the log on, and moves the cursors. */
export const route = (turn: Turn, event: DealEvent): void => {
  let to: string[];
  if (typeof event.replay === 'string') {
    to = replay(turn, event, event.replay);
  } else {
    to = owners(turn.state, event);
    set(turn, { reached: advance(turn.state.reached, event.id) });
  }
  turn.out.push({ type: 'deliver', to, event });
};

/** Whether live events serve it: by its own filters, or by the former ones until the new ones are confirmed. */
const isServedLive = ({ phase, before }: Sub): boolean =>
  phase === 'live' || (before?.phase === 'live' && before.serverId !== undefined);

/** The position up to which a subscription has got all. */
export const cursorOf = (state: State, sub: Sub): string | undefined =>
  isServedLive(sub) && state.reached !== undefined ? advance(sub.cursor, state.reached) : sub.cursor;

/** Writes what this connection has reached into the cursors of all live subscriptions. */
export const settle = (turn: Turn): void => {
  const { reached, subs } = turn.state;
  if (reached === undefined) return;
  const settled = [...subs].map(([id, sub]): [string, Sub] => [id, { ...sub, cursor: cursorOf(turn.state, sub) }]);
  set(turn, { subs: new Map(settled), reached: undefined });
};
