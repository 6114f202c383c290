import { AidealsError } from './errors.js';
import { advance } from './event-id.js';
import { isDealEvent, milliseconds } from './frames.js';
import type { ServerFrame } from './generated/wire.js';
import {
  close,
  dead,
  dial,
  dialFailed,
  goAway,
  leave,
  lose,
  opened,
  ping,
  probed,
  tokenGiven,
} from './machine/link.js';
import { route } from './machine/routing.js';
import type { Effect, Event, Moment, State } from './machine/state.js';
import { askDue, subscribe, subscriptionFrame, unsubscribe, update } from './machine/subscriptions.js';
import { offer, renew, renewLater, tokenFrame } from './machine/token.js';
import { set, type Turn } from './machine/turn.js';

export { cursorOf } from './machine/routing.js';
export * from './machine/state.js';

/** A pong tells the position; where a server does not tell it, the pong itself is enough. */
const pong = (turn: Turn, frame: ServerFrame): void => {
  const { link, reached } = turn.state;
  if (link.at === 'open') set(turn, { link: { ...link, positioned: turn.moment.now } });
  if (typeof frame.lastEventId === 'string') set(turn, { reached: advance(reached, frame.lastEventId) });
};

const errorFrame = (turn: Turn, frame: ServerFrame): void => {
  const error = AidealsError.of(frame);
  const { link, config } = turn.state;
  const code = error.details['closeCode'];
  const retryAfter = milliseconds(error.details['retryAfter']);
  if (link.at === 'open' && (typeof code === 'number' || retryAfter !== undefined)) {
    const notice = { code: typeof code === 'number' ? code : link.notice?.code, retryAfter };
    set(turn, { link: { ...link, notice } });
  }
  if (error.code === 'AUTHENTICATION_ERROR' && config.renewable) renew(turn);
  if (frame.requestId === undefined) turn.out.push({ type: 'error', error });
};

const received = (turn: Turn, frame: ServerFrame): void => {
  const { link } = turn.state;
  if (link.at !== 'open') return;
  const { now } = turn.moment;
  const positioned = frame.id === undefined ? link.positioned : now;
  set(turn, { link: { ...link, heard: now, positioned, ping: undefined } });
  if (isDealEvent(frame)) route(turn, frame);
  else if (tokenFrame(turn, frame)) return;
  else if (frame.type === 'error') {
    if (!subscriptionFrame(turn, frame) || frame.data['code'] === 'AUTHENTICATION_ERROR') errorFrame(turn, frame);
  } else if (frame.type === 'pong') pong(turn, frame);
  else if (frame.type === 'goAway') goAway(turn, frame.data['afterMs'], frame.data['spreadMs']);
  else subscriptionFrame(turn, frame);
};

const timeout = (what: string): AidealsError => new AidealsError('TIMEOUT', `${what} did not come in time`);

const tokenLate = (turn: Turn): void => {
  turn.out.push({ type: 'error', error: timeout('the token') });
};

const tickOpen = (turn: Turn): void => {
  const { now } = turn.moment;
  const { link, subs, renewal, config } = turn.state;
  if (link.at !== 'open') return;
  if (link.leaving !== undefined) {
    if (now >= link.leaving.until) leave(turn);
    return;
  }
  const unanswered = [...subs.values()].some((sub) => sub.ask !== undefined && now >= sub.ask.until);
  if (unanswered || (link.ping !== undefined && now >= link.ping.until)) {
    dead(turn);
    return;
  }
  if (renewal?.at === 'token' && now >= renewal.until) {
    tokenLate(turn);
    renewLater(turn);
  } else if (renewal?.at === 'waiting' && now >= renewal.until) renew(turn);
  askDue(turn);
  const { pingAfter, positionEvery } = config.timing;
  if (now >= link.heard + pingAfter || now >= link.positioned + positionEvery) ping(turn);
};

const tick = (turn: Turn): void => {
  const { now } = turn.moment;
  const { link } = turn.state;
  if (link.at === 'open') {
    tickOpen(turn);
  } else if (link.at === 'waiting' && now >= link.until) {
    dial(turn);
  } else if (link.at === 'token' && now >= link.until) {
    tokenLate(turn);
    dialFailed(turn);
  } else if (link.at === 'dialling' && now >= link.until) {
    turn.out.push({ type: 'drop', socket: link.socket, dead: true });
    dialFailed(turn, link.socket);
  }
};

const tokenFor = (turn: Turn, event: Extract<Event, { type: 'token' | 'tokenFailed' }>): void => {
  const { link, renewal } = turn.state;
  const forDial = link.at === 'token' && link.ticket === event.ticket;
  const forRenewal = renewal?.at === 'token' && renewal.ticket === event.ticket;
  if (!forDial && !forRenewal) return;
  if (event.type === 'token') {
    if (forDial) tokenGiven(turn, event.token);
    else offer(turn, event.token);
    return;
  }
  turn.out.push({ type: 'error', error: event.error });
  if (forDial) dialFailed(turn);
  else renewLater(turn);
};

const online = (turn: Turn): void => {
  // A link that was open before the network changed may be dead: ask it.
  if (turn.state.link.at === 'open') ping(turn);
  else if (turn.state.link.at === 'waiting') dial(turn);
};

type Handlers = { readonly [T in Event['type']]: (turn: Turn, event: Extract<Event, { type: T }>) => void };

const isDialling = ({ state: { link } }: Turn, socket: number): boolean =>
  link.at === 'dialling' && link.socket === socket;
const isOpen = ({ state: { link } }: Turn, socket: number): boolean => link.at === 'open' && link.socket === socket;

/** What of a socket comes that is not the present one any more, is nothing to anyone. */
const handlers: Handlers = {
  connect: (turn) => {
    if (turn.state.link.at === 'idle' || turn.state.link.at === 'closed') dial(turn);
  },
  close,
  online,
  token: tokenFor,
  tokenFailed: tokenFor,
  opened: (turn, { socket }) => {
    if (isDialling(turn, socket)) opened(turn, socket);
  },
  closed: (turn, { socket, code }) => {
    if (isDialling(turn, socket)) dialFailed(turn, socket);
    else if (isOpen(turn, socket)) lose(turn, code);
  },
  probed: (turn, { socket, error }) => probed(turn, socket, error),
  frame: (turn, { socket, frame }) => {
    if (isOpen(turn, socket)) received(turn, frame);
  },
  quiet: leave,
  subscribe,
  update,
  unsubscribe,
  byHand: (turn) => set(turn, { byHand: true }),
  tick,
};

/** One step of the client: the next state, and what the driver shall do. Pure: time and chance come in. */
export const step = (state: State, event: Event, moment: Moment): readonly [State, readonly Effect[]] => {
  const turn: Turn = { state, out: [], moment };
  // The type of an event picks its handler; the compiler cannot see that the two belong together.
  (handlers[event.type] as (turn: Turn, event: Event) => void)(turn, event);
  return [turn.state, turn.out];
};

const openDeadlines = (state: State): number[] => {
  const { link, subs, renewal, ending, config } = state;
  if (link.at !== 'open') return [];
  if (link.leaving !== undefined) return [link.leaving.until];
  const { pingAfter, positionEvery } = config.timing;
  const due =
    link.ping === undefined ? Math.min(link.heard + pingAfter, link.positioned + positionEvery) : link.ping.until;
  const asked = [...subs.values()].flatMap((sub) => [sub.ask?.until, sub.retryAt]);
  const ends = [...ending.values()].map((end) => end.retryAt);
  const token = renewal === undefined || renewal.at === 'asked' ? undefined : renewal.until;
  return [due, token, ...asked, ...ends].filter((at) => at !== undefined);
};

/** When the next `tick` is due, or undefined where nothing is waited for. */
export const deadline = (state: State): number | undefined => {
  const { link } = state;
  if (link.at === 'token' || link.at === 'dialling' || link.at === 'waiting') return link.until;
  const times = openDeadlines(state);
  return times.length === 0 ? undefined : Math.min(...times);
};
