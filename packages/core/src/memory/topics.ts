import { canonical, compile, type Matcher } from '../match/matches.js';
import type { Candidate, Subscription } from '../ports/index.js';

/** The connections that asked for the same filters on one topic: one decision for all of them. */
interface Group extends Candidate {
  readonly matcher: Matcher;
  readonly connectionIds: Set<string>;
}

/** A subscription and where it is kept, so that leaving needs no search. */
export interface Placed {
  readonly subscription: Subscription;
  /** Equal for equal filters on one topic. */
  readonly wish: string;
}

// Neither a topic nor JSON holds a raw line break.
export const wishOf = ({ topic, filters }: Subscription): string => `${topic}\n${canonical(filters)}`;

/** Which filters are asked for on which topic, and by whom. Groups and topics without a connection are not kept. */
export class Topics {
  readonly #topics = new Map<string, Map<string, Group>>();

  add(connectionId: string, { subscription, wish }: Placed): void {
    const { topic, filters } = subscription;
    const groups = this.#topics.get(topic) ?? new Map<string, Group>();
    this.#topics.set(topic, groups);
    const group = groups.get(wish) ?? { matcher: compile(filters), connectionIds: new Set() };
    groups.set(wish, group);
    group.connectionIds.add(connectionId);
  }

  remove(connectionId: string, { subscription, wish }: Placed): void {
    const groups = this.#topics.get(subscription.topic);
    const group = groups?.get(wish);
    if (groups === undefined || group === undefined) return;
    group.connectionIds.delete(connectionId);
    if (group.connectionIds.size === 0) groups.delete(wish);
    if (groups.size === 0) this.#topics.delete(subscription.topic);
  }

  candidates(topic: string): Iterable<Candidate> {
    return this.#topics.get(topic)?.values() ?? [];
  }

  /** How many topics and distinct filters are kept. */
  sizes(): { topics: number; groups: number } {
    let groups = 0;
    for (const topic of this.#topics.values()) groups += topic.size;
    return { topics: this.#topics.size, groups };
  }
}
