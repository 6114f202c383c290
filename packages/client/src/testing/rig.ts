import type { ClientFrame, Filters, JsonObject } from '../frames.js';
import type { ServerFrame } from '../generated/wire.js';
import {
  type Config,
  deadline,
  defaultTiming,
  type Effect,
  type Event,
  initialState,
  type State,
  step,
} from '../machine.js';

type EffectOf<T extends Effect['type']> = Extract<Effect, { type: T }>;

/** The machine with a clock and chance in one's hand. Keeps what it asked for. */
export class Rig {
  state: State;
  now = 1_000;
  random = 0.5;
  effects: Effect[] = [];

  constructor(config: Partial<Config> = {}) {
    this.state = initialState({ timing: defaultTiming, renewable: true, ...config });
  }

  do(event: Event): readonly Effect[] {
    const [state, effects] = step(this.state, event, { now: this.now, random: this.random });
    this.state = state;
    this.effects.push(...effects);
    return effects;
  }

  /** Lets time pass, with a tick at each deadline on the way. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let at = deadline(this.state); at !== undefined && at <= end; at = deadline(this.state)) {
      this.now = Math.max(this.now, at);
      this.do({ type: 'tick' });
    }
    this.now = end;
  }

  /** What of a kind was asked for, oldest first; it is taken out. */
  take<T extends Effect['type']>(type: T): EffectOf<T>[] {
    const found = this.effects.filter((effect) => effect.type === type);
    this.effects = this.effects.filter((effect) => effect.type !== type);
    return found as EffectOf<T>[];
  }

  /** The frames that were sent since the last look. */
  sent(): ClientFrame[] {
    return this.take('send').map((effect) => effect.frame);
  }

  /** The one frame that was sent since the last look. */
  sentOne(): ClientFrame {
    const [frame, ...more] = this.sent();
    if (frame === undefined || more.length > 0) throw new Error(`${more.length + (frame ? 1 : 0)} frames, not one`);
    return frame;
  }

  get socket(): number {
    const { link } = this.state;
    if (link.at !== 'open' && link.at !== 'dialling') throw new Error(`no socket while ${link.at}`);
    return link.socket;
  }

  giveToken(token = 'token'): void {
    const [ask] = this.take('token').slice(-1);
    if (ask === undefined) throw new Error('no token was asked for');
    this.do({ type: 'token', ticket: ask.ticket, token });
  }

  /** Goes on to an open connection, wherever it stands. */
  open(): void {
    if (this.state.link.at === 'waiting') this.pass(this.state.link.until - this.now);
    else this.do({ type: 'connect' });
    if (this.state.link.at === 'token') this.giveToken();
    this.do({ type: 'opened', socket: this.socket });
    this.take('dial');
    this.take('open');
  }

  closed(code: number): void {
    this.do({ type: 'closed', socket: this.socket, code });
  }

  frame(frame: Partial<ServerFrame> & { type: string }): void {
    this.do({ type: 'frame', socket: this.socket, frame: { data: {}, timestamp: 1, ...frame } });
  }

  deal(id: string, envelope: Partial<ServerFrame> & { filters?: JsonObject } = {}): readonly string[] {
    this.frame({ type: 'dealUpdate', topic: 'new-deals', id, ...envelope });
    return this.take('deliver').flatMap((effect) => effect.to);
  }

  error(code: string, details: JsonObject = {}, requestId?: string, message = code): void {
    const data = { code, message, details };
    this.frame({ type: 'error', data, ...(requestId === undefined ? {} : { requestId }) });
  }

  subscribe(id: string, filters: Filters = {}, topic = 'new-deals', lastEventId?: string): void {
    this.do({ type: 'subscribe', id, request: { topic, filters }, lastEventId });
  }

  /** Answers the question that was sent last. */
  confirm(frame: ClientFrame, subscriptionId: string, lastEventId: string, more: JsonObject = {}): void {
    const data = { subscriptionId, lastEventId, status: 'active', ...more };
    this.frame({ type: 'subscriptionConfirmed', requestId: frame.requestId, data });
  }

  /** Answers the question for a change. */
  changed(frame: ClientFrame, subscriptionId: string, lastEventId: string, more: JsonObject = {}): void {
    const data = { subscriptionId, lastEventId, status: 'active', ...more };
    this.frame({ type: 'subscriptionUpdated', requestId: frame.requestId, data });
  }

  /** The server says that it has no such action. */
  unknown(frame: ClientFrame): void {
    this.error('VALIDATION_ERROR', {}, frame.requestId, `Unknown action: ${frame.action}`);
  }

  recovered(subscriptionId: string, lastEventId: string, replayed = 0): void {
    this.frame({ type: 'subscriptionRecovered', data: { subscriptionId, lastEventId, replayed } });
  }

  /** Subscribed, confirmed and live. */
  live(id: string, serverId: string, position: string, filters: Filters = {}, topic = 'new-deals'): void {
    this.subscribe(id, filters, topic);
    this.confirm(this.sentOne(), serverId, position);
    this.take('confirmed');
  }
}
