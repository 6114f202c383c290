import type { ClientFrame, DealEvent, Filters, JsonObject } from '../frames.js';
import type { ServerFrame } from '../generated/wire.js';
import { compile, keyOf, takes } from '../matching.js';

interface Held {
  readonly id: string;
  readonly topic: string;
  readonly filters: Filters;
}

/** A server in memory that keeps the laws of delivery: one dense log, one copy for each connection, replays by id. */
export class SimServer {
  readonly log: DealEvent[] = [];
  /** Frames on their way to the client. */
  wire: ServerFrame[] = [];
  #held = new Map<string, Held>();
  #number = 0;
  readonly #changes: boolean;

  /** `changes`: whether it changes subscriptions in their place. */
  constructor(changes = true) {
    this.#changes = changes;
  }

  get top(): string {
    return `e-${this.log.length}`;
  }

  /** How many subscriptions the connection has. */
  get held(): number {
    return this.#held.size;
  }

  publish(topic: string, data: JsonObject): void {
    const event: DealEvent = { type: 'dealUpdate', topic, data, timestamp: 1, id: `e-${this.log.length + 1}` };
    this.log.push(event);
    if ([...this.#held.values()].some((held) => SimServer.matches(held, event))) this.wire.push(event);
  }

  static matches({ topic, filters }: { topic: string; filters: Filters }, event: DealEvent): boolean {
    return takes(topic, event.topic) && compile(filters)(event.data);
  }

  /** The connection broke: what was on its way is gone, and so are its subscriptions. */
  disconnect(): void {
    this.wire = [];
    this.#held.clear();
  }

  handle({ action, data, requestId }: ClientFrame): void {
    const answer = (type: string, of: JsonObject, more: Partial<ServerFrame> = {}): void =>
      void this.wire.push({ type, data: of, timestamp: 1, requestId, ...more });
    const given = data as { topic: string; filters: Filters; lastEventId?: string; subscriptionId?: string };
    if (action === 'ping') answer('pong', {}, { lastEventId: this.top });
    else if (action === 'subscribeToDeals') this.#subscribe(given, answer);
    else if (action === 'updateSubscription' && this.#changes) this.#change(given, answer);
    else if (action === 'updateSubscription') {
      answer('error', { code: 'VALIDATION_ERROR', message: `Unknown action: ${action}` });
    } else if (action === 'unsubscribeFromDeals') {
      for (const [key, held] of this.#held) if (held.id === given.subscriptionId) this.#held.delete(key);
      answer('unsubscriptionConfirmed', { topic: 'any' });
    }
  }

  #change(
    { subscriptionId, filters }: { subscriptionId?: string; filters: Filters },
    answer: (type: string, data: JsonObject) => void,
  ): void {
    const [key, held] = [...this.#held].find(([, { id }]) => id === subscriptionId) ?? [];
    if (key === undefined || held === undefined) {
      answer('error', { code: 'SUBSCRIPTION_ERROR', message: 'no such subscription' });
      return;
    }
    this.#held.delete(key);
    const equal = keyOf(held.topic, filters);
    const standing = this.#held.get(equal) ?? { ...held, filters };
    this.#held.set(equal, standing);
    const ended = standing.id === held.id ? {} : { ended: held.id };
    const { id, topic } = standing;
    answer('subscriptionUpdated', { subscriptionId: id, topic, filters, lastEventId: this.top, ...ended });
  }

  #subscribe(
    { topic, filters, lastEventId }: { topic: string; filters: Filters; lastEventId?: string },
    answer: (type: string, data: JsonObject) => void,
  ): void {
    const key = keyOf(topic, filters);
    this.#number += 1;
    const held = this.#held.get(key) ?? { id: `x${this.#number}`, topic, filters };
    this.#held.set(key, held);
    answer('subscriptionConfirmed', { subscriptionId: held.id, topic, filters, lastEventId: this.top });
    if (lastEventId === undefined) return;
    const missed = this.log.slice(Number(lastEventId.slice(2))).filter((event) => SimServer.matches(held, event));
    for (const event of missed) this.wire.push({ ...event, replay: held.id });
    const data = { subscriptionId: held.id, replayed: missed.length, lastEventId: this.top };
    this.wire.push({ type: 'subscriptionRecovered', data, timestamp: 1 });
  }
}
