import type { Filters } from '@aideals/protocol';
import { canonical, compile, type Matcher } from '../match/matches.js';
import type { Candidate, Subscription } from '../ports/index.js';

/** The connections that asked for the same filters on one topic: one decision for all of them. */
export class Group implements Candidate {
  readonly matcher: Matcher;
  /** By connection: none has two equal subscriptions. */
  readonly members = new Map<string, Subscription>();

  constructor(filters: Filters) {
    this.matcher = compile(filters);
  }

  get connectionIds(): Iterable<string> {
    return this.members.keys();
  }
}

/** Which filters are asked for on which topic, and by whom. Groups and topics without a member are not kept. */
export class Topics {
  readonly #topics = new Map<string, Map<string, Group>>();

  find(topic: string, filters: Filters): Group | undefined {
    return this.#topics.get(topic)?.get(canonical(filters));
  }

  add(connectionId: string, subscription: Subscription): void {
    const groups = this.#topics.get(subscription.topic) ?? new Map<string, Group>();
    this.#topics.set(subscription.topic, groups);
    const key = canonical(subscription.filters);
    const group = groups.get(key) ?? new Group(subscription.filters);
    groups.set(key, group);
    group.members.set(connectionId, subscription);
  }

  remove(connectionId: string, subscription: Subscription): void {
    const groups = this.#topics.get(subscription.topic);
    const key = canonical(subscription.filters);
    const group = groups?.get(key);
    if (groups === undefined || group === undefined) return;
    group.members.delete(connectionId);
    if (group.members.size === 0) groups.delete(key);
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
