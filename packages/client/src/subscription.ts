import { AidealsError } from './errors.js';
import type { DealEvent, Filters, JsonObject, Lost } from './frames.js';
import { Listeners } from './listeners.js';
import type { Effect, Request } from './machine.js';
import { Novelty } from './novelty.js';

export interface SubscriptionEvents<D = JsonObject> {
  deal: (event: DealEvent<D>) => void;
  /** Something that matched was missed and is not there any more. */
  gap: (lost: Lost) => void;
  /** All that was missed and is still there has been handed on: how many events. */
  recovered: (replayed: number) => void;
  /** Refused. Where it may pass, it is asked for again; else `state` is `ended`, or the filters are the former ones. */
  error: (error: AidealsError) => void;
}

/** `pending` until the server has confirmed it on this connection, `replaying` while what was missed is on its way. */
export type SubscriptionState = 'pending' | 'replaying' | 'live' | 'ended';

/** What a subscription asks of its client. */
export interface SubscriptionOwner {
  update(id: string, request: Request): void;
  unsubscribe(id: string): void;
  stateOf(id: string): SubscriptionState;
  cursorOf(id: string): string | undefined;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: AidealsError) => void;
}

/** A subscription that outlives connections: it is asked for anew on each, and gets what was missed between them. */
export class Subscription<D = JsonObject> {
  /** Names it in this client, as long as it lives. */
  readonly id: string;
  /** Settles when the server has confirmed it for the first time, or refused it for good. */
  readonly ready: Promise<void>;
  readonly #owner: SubscriptionOwner;
  readonly #listeners = new Listeners();
  readonly #novelty = new Novelty();
  #waiters: Waiter[] = [];
  #request: Request;
  #subscriptionId: string | undefined;
  #ended = false;

  /** Made by `client.subscribe`. */
  constructor(id: string, request: Request, owner: SubscriptionOwner) {
    this.id = id;
    this.#owner = owner;
    this.#request = request;
    this.ready = this.#settled();
  }

  /** The server's id of it on the present connection; another one on the next. */
  get subscriptionId(): string | undefined {
    return this.#subscriptionId;
  }

  get topic(): string {
    return this.#request.topic;
  }

  get filters(): Filters {
    return this.#request.filters;
  }

  get state(): SubscriptionState {
    return this.#ended ? 'ended' : this.#owner.stateOf(this.id);
  }

  /** The position up to which all that matches was handed on: give it to `subscribe` to go on from here another time. */
  get lastEventId(): string | undefined {
    return this.#owner.cursorOf(this.id);
  }

  /** Listens; the function that comes back ends that. */
  on<N extends keyof SubscriptionEvents<D>>(name: N, listener: SubscriptionEvents<D>[N]): () => void {
    return this.#listeners.add(name, listener);
  }

  /**
   * Asks for other filters, or another topic, in its place: the server changes its own where it can, else the old one serves
   * until a new one is confirmed. Nothing is missed between. Rejects where the server refuses them: then the old ones stay.
   */
  update(request: { topic?: string; filters?: Filters }): Promise<void> {
    if (this.#ended) return Promise.reject(new AidealsError('CLIENT_CLOSED', 'the subscription has ended'));
    this.#request = { ...this.#request, ...request };
    const settled = this.#settled();
    this.#owner.update(this.id, this.#request);
    return settled;
  }

  /** Ends it: from now on nothing is handed on. */
  unsubscribe(): void {
    if (this.#ended) return;
    this.#owner.unsubscribe(this.id);
    this.end(new AidealsError('CLIENT_CLOSED', 'unsubscribed'));
  }

  /** @internal */
  deliver(event: DealEvent): void {
    if (!this.#ended && this.#novelty.accepts(event)) this.#listeners.emit('deal', event);
  }

  /** @internal */
  apply(effect: Extract<Effect, { type: 'confirmed' | 'refused' | 'gap' | 'recovered' }>): void {
    if (effect.type === 'gap') this.#listeners.emit('gap', effect.lost);
    else if (effect.type === 'recovered') this.#listeners.emit('recovered', effect.replayed);
    else if (effect.type === 'confirmed') {
      this.#subscriptionId = effect.serverId;
      for (const waiter of this.#waiters.splice(0)) waiter.resolve();
    } else {
      if (effect.outcome === 'reverted') this.#request = effect.standing ?? this.#request;
      if (effect.outcome === 'ended') this.end(effect.error);
      else if (effect.outcome === 'reverted') this.fail(effect.error);
      this.#listeners.emit('error', effect.error);
    }
  }

  /** @internal The connection is gone. */
  disconnected(): void {
    this.#subscriptionId = undefined;
  }

  /** @internal */
  end(error: AidealsError): void {
    this.#ended = true;
    this.#subscriptionId = undefined;
    this.fail(error);
  }

  /** @internal No connection will come by itself. */
  fail(error: AidealsError): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #settled(): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    // Whoever does not look at it is told by the `error` event.
    promise.catch(() => undefined);
    return promise;
  }
}
