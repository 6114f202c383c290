import { type Actions, actionsOver } from './actions.js';
import { Calls } from './calls.js';
import { type Application, Driver } from './driver.js';
import { AidealsError } from './errors.js';
import { type DealEvent, isDealEvent, type JsonObject } from './frames.js';
import type { ServerFrame } from './generated/wire.js';
import { Listeners } from './listeners.js';
import { sendable } from './machine/turn.js';
import { cursorOf, type Effect, type Link, type State } from './machine.js';
import { Novelty } from './novelty.js';
import {
  type ClientListeners,
  type ClientOptions,
  type ClientState,
  drivingOptions,
  type SubscribeOptions,
} from './options.js';
import { Subscription, type SubscriptionOwner, type SubscriptionState } from './subscription.js';

const OWN = new Set(['message', 'state', 'error', 'connect', 'disconnect']);
const STATUS: Readonly<Record<Link['at'], ClientState['status']>> = {
  idle: 'idle',
  token: 'connecting',
  dialling: 'connecting',
  open: 'open',
  waiting: 'waiting',
  closed: 'closed',
};

/** A connection that is kept up, and what is asked and told over it. Made by `createClient`. */
export class Client {
  /** Every action of the wire as a method. */
  readonly actions: Actions;
  readonly #driver: Driver;
  readonly #calls: Calls;
  readonly #listeners = new Listeners();
  readonly #novelty = new Novelty();
  readonly #subscriptions = new Map<string, Subscription>();
  #number = 0;
  #done = false;
  #open = false;
  readonly #online = (): void => this.#driver.dispatch({ type: 'online' });

  constructor(options: ClientOptions) {
    const application: Application = {
      received: (frame) => this.#emit('message', frame),
      handled: (frame) => this.#handled(frame),
      apply: (effect) => this.#apply(effect),
      moved: (before) => this.#moved(before),
    };
    this.#driver = new Driver(drivingOptions(options), application);
    this.#calls = new Calls((frame) => this.#driver.send(frame));
    const patience = options.timeout ?? 10_000;
    this.actions = actionsOver((action, data, { timeout = patience }) => {
      const refusal = this.#refusal();
      if (refusal !== undefined) return Promise.reject(refusal);
      if (action === 'subscribeToDeals') this.#driver.dispatch({ type: 'byHand' });
      const answer = this.#calls.start(action, data, timeout, sendable(this.#driver.state));
      this.#need();
      return answer;
    });
    if (typeof globalThis.addEventListener === 'function') globalThis.addEventListener('online', this.#online);
    if (options.connect !== false) this.#driver.dispatch({ type: 'connect' });
  }

  get state(): ClientState {
    return this.#stateOf(this.#driver.state);
  }

  /** Connects where it is not connected: after `connect: false`, an idle close, or one for good such as 4003. */
  connect(): void {
    if (this.#done) throw new AidealsError('CLIENT_CLOSED', 'the client was closed: make a new one');
    this.#driver.dispatch({ type: 'connect' });
  }

  /**
   * Listens to a push by its type, in either spelling (`dealUpdate`, `onDealUpdate`), or to the client itself. A deal event
   * comes once, however many subscriptions brought it. The function that comes back ends the listening.
   */
  on<N extends keyof ClientListeners>(name: N, listener: ClientListeners[N]): () => void;
  on(name: string, listener: (frame: ServerFrame) => void): () => void;
  on(name: string, listener: (argument: never) => void): () => void {
    return this.#listeners.add(name, listener);
  }

  /** Subscribes to deals, over all reconnects: what is missed between two connections comes when it is back. */
  subscribe<D = JsonObject>(options: SubscribeOptions, onDeal?: (event: DealEvent<D>) => void): Subscription<D> {
    const refusal = this.#done ? this.#refusal() : undefined;
    if (refusal !== undefined) throw refusal;
    this.#number += 1;
    const id = `s${this.#number}`;
    const request = { topic: options.topic ?? 'all-deals', filters: options.filters ?? {} };
    const subscription = new Subscription<D>(id, request, this.#owner);
    this.#subscriptions.set(id, subscription as unknown as Subscription);
    if (onDeal !== undefined) subscription.on('deal', onDeal);
    this.#driver.dispatch({ type: 'subscribe', id, request, lastEventId: options.lastEventId });
    this.#need();
    return subscription;
  }

  /** Ends everything, for good. Calls without an answer reject. Resolves when the connection is gone. */
  close(): Promise<void> {
    if (!this.#done) {
      this.#done = true;
      if (typeof globalThis.removeEventListener === 'function') globalThis.removeEventListener('online', this.#online);
      this.#driver.dispatch({ type: 'close' });
      const error = new AidealsError('CLIENT_CLOSED', 'the client was closed');
      for (const subscription of this.#subscriptions.values()) subscription.end(error);
      this.#subscriptions.clear();
    }
    // Closed out of a listener, the event is taken when that returns: before this goes on.
    return Promise.resolve().then(() => this.#driver.dropped);
  }

  readonly #owner: SubscriptionOwner = {
    update: (id, request) => this.#driver.dispatch({ type: 'update', id, request }),
    unsubscribe: (id) => {
      this.#driver.dispatch({ type: 'unsubscribe', id });
      this.#subscriptions.delete(id);
    },
    stateOf: (id): SubscriptionState => {
      const phase = this.#driver.state.subs.get(id)?.phase;
      return phase === 'live' || phase === 'replaying' ? phase : 'pending';
    },
    cursorOf: (id) => {
      const sub = this.#driver.state.subs.get(id);
      return sub && cursorOf(this.#driver.state, sub);
    },
  };

  /** Someone wants something: a connection that was left idle comes back. */
  #need(): void {
    if (this.#driver.state.link.at === 'idle') this.#driver.dispatch({ type: 'connect' });
  }

  #refusal(): AidealsError | undefined {
    const { link } = this.#driver.state;
    if (link.at !== 'closed') return undefined;
    const why = this.#done ? 'the client was closed' : `the connection is closed for good (${link.code ?? 'refused'})`;
    return (
      link.error ?? new AidealsError('CLIENT_CLOSED', why, link.code === undefined ? {} : { closeCode: link.code })
    );
  }

  #emit(name: string, argument: unknown): void {
    this.#listeners.emit(name, argument);
    this.#listeners.emit(`on${name}`, argument);
    this.#listeners.emit(`on${name.charAt(0).toUpperCase()}${name.slice(1)}`, argument);
  }

  #apply(effect: Effect): void {
    switch (effect.type) {
      case 'open':
        this.#open = true;
        this.#calls.flush();
        this.#emit('connect', undefined);
        break;
      case 'lost':
        this.#lost(effect.code);
        break;
      case 'leaving':
        this.#quiet();
        break;
      case 'deliver':
        for (const id of effect.to) this.#subscriptions.get(id)?.deliver(effect.event);
        break;
      case 'error':
        this.#emit('error', effect.error);
        break;
      case 'confirmed':
      case 'refused':
      case 'gap':
      case 'recovered':
        this.#subscriptions.get(effect.id)?.apply(effect);
        if (effect.type === 'refused' && effect.outcome === 'ended') this.#subscriptions.delete(effect.id);
        break;
      default:
    }
  }

  #lost(closeCode: number): void {
    this.#calls.lost(closeCode);
    for (const subscription of this.#subscriptions.values()) subscription.disconnected();
    if (this.#open) this.#emit('disconnect', { closeCode });
    this.#open = false;
  }

  #handled(frame: ServerFrame): void {
    if (this.#calls.settle(frame)) this.#quiet();
    if (OWN.has(frame.type) || (isDealEvent(frame) && !this.#novelty.accepts(frame))) return;
    this.#emit(frame.type, frame);
  }

  /** Tells a server that goes away that nothing is in flight. */
  #quiet(): void {
    const { link } = this.#driver.state;
    if (link.at === 'open' && link.leaving !== undefined && this.#calls.inFlight === 0) {
      this.#driver.dispatch({ type: 'quiet' });
    }
  }

  #moved(before: State): void {
    const { link } = this.#driver.state;
    const until = 'until' in link && 'until' in before.link && link.until !== before.link.until;
    if (link.at === before.link.at && !until) return;
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#calls.end(refusal);
      for (const subscription of this.#subscriptions.values()) subscription.fail(refusal);
    }
    this.#emit('state', this.state);
  }

  #stateOf({ link, attempt }: State): ClientState {
    const code = 'code' in link ? link.code : undefined;
    return {
      status: STATUS[link.at],
      attempt,
      ...(link.at === 'waiting' ? { retryInMs: Math.max(0, Math.round(link.until - performance.now())) } : {}),
      ...(code === undefined ? {} : { closeCode: code }),
      ...(link.at === 'closed' && link.error !== undefined ? { error: link.error } : {}),
    };
  }
}

/** A client of one user at one server. Throws a TypeError that names the option that is wrong. */
export const createClient = (options: ClientOptions): Client => new Client(options);
