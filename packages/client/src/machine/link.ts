import { AidealsError } from '../errors.js';
import { milliseconds } from '../frames.js';
import { closeAdvice } from '../generated/wire.js';
import { askWaiting, blameLongest, forgetConnection } from './subscriptions.js';
import { jitter, send, serial, set, type Turn } from './turn.js';

const LINK_BROKE = 1006;
const FLOOD = 4029;
const TOO_LARGE = 1009;

const dialWith = (turn: Turn, token: string): void => {
  const socket = serial(turn);
  set(turn, { link: { at: 'dialling', socket, until: turn.moment.now + turn.state.config.timing.dialWithin } });
  turn.out.push({ type: 'dial', socket, token });
};

/** Dials, with the token that is known, or after a new one was given. */
export const dial = (turn: Turn): void => {
  const { token, stale, config } = turn.state;
  if (token !== undefined && !stale) {
    dialWith(turn, token);
    return;
  }
  const ticket = serial(turn);
  set(turn, { link: { at: 'token', ticket, until: turn.moment.now + config.timing.dialWithin } });
  turn.out.push({ type: 'token', ticket, fresh: stale });
};

/** The application gave a token for the next dial. */
export const tokenGiven = (turn: Turn, token: string): void => {
  set(turn, { token, stale: false });
  dialWith(turn, token);
};

const wait = (turn: Turn, delay: number, code?: number, failed?: number): void =>
  set(turn, { link: { at: 'waiting', until: turn.moment.now + delay, code, failed } });

const distrustToken = (turn: Turn): void => {
  if (turn.state.config.renewable) set(turn, { stale: true });
};

/** No connection came about. */
export const dialFailed = (turn: Turn, failed?: number): void => {
  const attempt = turn.state.attempt + 1;
  set(turn, { attempt });
  distrustToken(turn);
  wait(turn, jitter(turn, attempt), undefined, failed);
  const { token } = turn.state;
  if (failed !== undefined && token !== undefined) turn.out.push({ type: 'probe', socket: failed, token });
};

/** What a plain request told of a dial that failed. */
export const probed = (turn: Turn, socket: number, error: AidealsError): void => {
  const { link, config } = turn.state;
  if (link.at !== 'waiting' || link.failed !== socket) return;
  turn.out.push({ type: 'error', error });
  const refused = error.code === 'AUTHENTICATION_ERROR';
  if (refused && !config.renewable) {
    set(turn, { link: { at: 'closed', code: undefined, error } });
    return;
  }
  const told = milliseconds(error.details['retryAfter']);
  const until = told === undefined ? link.until : turn.moment.now + told + turn.moment.random * 1000;
  set(turn, {
    stale: refused && config.renewable,
    link: { ...link, until: Math.max(link.until, until), failed: undefined },
  });
};

export const opened = (turn: Turn, socket: number): void => {
  const { now } = turn.moment;
  set(turn, {
    link: {
      at: 'open',
      socket,
      since: now,
      heard: now,
      positioned: now,
      ping: undefined,
      notice: undefined,
      leaving: undefined,
    },
  });
  askWaiting(turn);
  turn.out.push({ type: 'open' });
};

/** How long to stay away, or what to do instead, by the advice for a close code. */
const comeBack = (turn: Turn, code: number, told: number | undefined): void => {
  const { attempt, subs, config } = turn.state;
  switch (closeAdvice[code] ?? 'backoff') {
    case 'never':
      set(turn, { link: { at: 'closed', code, error: undefined } });
      return;
    case 'when-needed':
      if (subs.size === 0) set(turn, { link: { at: 'idle', code } });
      else wait(turn, jitter(turn, attempt), code);
      return;
    case 'new-token':
      if (config.renewable) {
        distrustToken(turn);
        wait(turn, attempt === 0 ? 0 : jitter(turn, attempt), code);
      } else {
        const error = new AidealsError(
          'AUTHENTICATION_ERROR',
          'the token expired, and there is no callback for a new one',
        );
        turn.out.push({ type: 'error', error });
        set(turn, { link: { at: 'closed', code, error } });
      }
      return;
    case 'now':
      wait(turn, attempt === 0 ? 0 : jitter(turn, attempt), code);
      return;
    case 'delay':
      wait(turn, Math.max(jitter(turn, attempt), told === undefined ? 0 : told + turn.moment.random * 1000), code);
      return;
    default:
      wait(turn, jitter(turn, attempt), code);
  }
};

/** The open connection is gone, for whatever reason. */
export const lose = (turn: Turn, closeCode: number): void => {
  const { link, attempt, config, renewal } = turn.state;
  if (link.at !== 'open') return;
  const good = turn.moment.now - link.since >= config.timing.goodAfter;
  const code = link.notice?.code ?? closeCode;
  // From here on nothing can be sent.
  set(turn, { link: { at: 'idle', code } });
  if (code === TOO_LARGE) blameLongest(turn, code);
  forgetConnection(turn);
  set(turn, { attempt: good ? 0 : attempt + 1, renewal: undefined });
  // It was about to expire, or had.
  if (renewal !== undefined) distrustToken(turn);
  turn.out.push({ type: 'lost', code });
  if (link.leaving !== undefined && closeAdvice[code] !== 'never') {
    wait(turn, Math.max(0, link.leaving.comeBack - turn.moment.now), code);
  } else {
    // What a single refusal told long ago says nothing of an end that is no flood.
    const told = code === FLOOD || link.notice?.code !== undefined;
    comeBack(turn, code, told ? link.notice?.retryAfter : undefined);
  }
};

/** The link brings nothing any more. */
export const dead = (turn: Turn): void => {
  if (turn.state.link.at !== 'open') return;
  turn.out.push({ type: 'drop', socket: turn.state.link.socket, dead: true });
  lose(turn, LINK_BROKE);
};

/** Ends a connection whose server goes away. */
export const leave = (turn: Turn): void => {
  const { link } = turn.state;
  if (link.at !== 'open' || link.leaving === undefined) return;
  turn.out.push({ type: 'drop', socket: link.socket, dead: false });
  lose(turn, 1001);
};

export const goAway = (turn: Turn, afterMs: unknown, spreadMs: unknown): void => {
  const { link, config } = turn.state;
  if (link.at !== 'open' || link.leaving !== undefined) return;
  const span = (value: unknown) => (typeof value === 'number' && value > 0 ? value : 0);
  const { now, random } = turn.moment;
  const comeBackAt = now + span(afterMs) + random * span(spreadMs);
  set(turn, { link: { ...link, leaving: { until: now + config.timing.lingerFor, comeBack: comeBackAt } } });
  turn.out.push({ type: 'leaving' });
};

export const ping = (turn: Turn): void => {
  const { link, config } = turn.state;
  if (link.at !== 'open' || link.ping !== undefined || link.leaving !== undefined) return;
  const requestId = send(turn, 'ping', {});
  set(turn, { link: { ...link, ping: { requestId, until: turn.moment.now + config.timing.answerWithin } } });
};

/** The application is done: nothing comes back. */
export const close = (turn: Turn): void => {
  const { link } = turn.state;
  if (link.at === 'dialling' || link.at === 'open') turn.out.push({ type: 'drop', socket: link.socket, dead: false });
  forgetConnection(turn);
  set(turn, { link: { at: 'closed', code: 1000, error: undefined }, subs: new Map(), renewal: undefined });
  turn.out.push({ type: 'lost', code: 1000 });
};
