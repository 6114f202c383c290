import type { JsonObject } from '@aideals/protocol';
import { FilterIndex } from '../match/index/filter-index.js';
import { HashTrie } from '../match/index/hash-trie.js';
import { Store } from '../match/index/store.js';
import { canonical, compile, type Matcher } from '../match/matches.js';
import type { Candidate, Subscription } from '../ports/index.js';

/** Topics with so few distinct filters are looked through one by one. */
const FEW = 16;

const holds: Matcher = () => true;

/** The connections that asked for the same filters on one topic: one decision for all of them. */
export class Group implements Candidate, Iterable<string> {
  readonly topic: string;
  readonly wish: string;
  readonly filters: Subscription['filters'];
  /** What is found holds: it was decided. */
  readonly matcher = holds;
  /** Decides, as long as the topic has no index. */
  decide: Matcher | undefined = undefined;
  /** Where the index has it. */
  address = -1;
  /** One alone needs no collection. */
  #only: string | undefined = undefined;
  #several: Set<string> | undefined = undefined;

  constructor(topic: string, wish: string, filters: Subscription['filters']) {
    this.topic = topic;
    this.wish = wish;
    this.filters = filters;
  }

  get connectionIds(): Iterable<string> {
    return this.#several ?? this;
  }

  get isEmpty(): boolean {
    return this.#only === undefined && (this.#several === undefined || this.#several.size === 0);
  }

  has(connectionId: string): boolean {
    return this.#only === connectionId || this.#several?.has(connectionId) === true;
  }

  add(connectionId: string): void {
    if (this.#several !== undefined) this.#several.add(connectionId);
    else if (this.#only === undefined) this.#only = connectionId;
    else {
      this.#several = new Set([this.#only, connectionId]);
      this.#only = undefined;
    }
  }

  delete(connectionId: string): void {
    if (this.#only === connectionId) this.#only = undefined;
    else this.#several?.delete(connectionId);
  }

  *[Symbol.iterator](): Iterator<string> {
    if (this.#several !== undefined) yield* this.#several;
    else if (this.#only !== undefined) yield this.#only;
  }
}

/** The distinct filters of one topic: a few as a list, many in an index. */
class Topic {
  readonly #groups = new HashTrie<Group>();
  readonly #store: Store<Group>;
  #few: Group[] | undefined = [];
  #index: FilterIndex<Group> | undefined = undefined;

  constructor(store: Store<Group>) {
    this.#store = store;
  }

  get size(): number {
    return this.#groups.size;
  }

  get(wish: string): Group | undefined {
    return this.#groups.get(wish);
  }

  add(group: Group): void {
    this.#groups.set(group.wish, group);
    if (this.#few !== undefined && this.#few.length < FEW) {
      group.decide = compile(group.filters);
      this.#few.push(group);
      return;
    }
    const index = this.#index ?? new FilterIndex(this.#store);
    this.#index = index;
    for (const each of [...(this.#few ?? []), group]) {
      each.decide = undefined;
      index.add(each.filters, each);
    }
    this.#few = undefined;
  }

  remove(group: Group): void {
    this.#groups.delete(group.wish);
    if (this.#index === undefined) this.#few = this.#few?.filter((each) => each !== group);
    else this.#index.remove(group.filters, group);
  }

  find(attributes: JsonObject): Group[] {
    if (this.#index !== undefined) return this.#index.find(attributes);
    return (this.#few ?? []).filter(({ decide }) => decide?.(attributes));
  }
}

/** Which filters are asked for on which topic, and by whom. Groups and topics without a connection are not kept. */
export class Topics {
  readonly #topics = new HashTrie<Topic>();
  readonly #store = new Store<Group>();
  #groups = 0;

  /** Those who ask for the same as a subscription; a group without anyone where there are none. */
  group({ topic, filters }: Subscription): Group {
    const wish = canonical(filters);
    return this.#topics.get(topic)?.get(wish) ?? new Group(topic, wish, filters);
  }

  add(connectionId: string, group: Group): void {
    if (group.isEmpty) {
      const topic = this.#topics.get(group.topic) ?? new Topic(this.#store);
      this.#topics.set(group.topic, topic);
      topic.add(group);
      this.#groups += 1;
    }
    group.add(connectionId);
  }

  remove(connectionId: string, group: Group): void {
    group.delete(connectionId);
    const topic = this.#topics.get(group.topic);
    if (!group.isEmpty || topic === undefined) return;
    topic.remove(group);
    this.#groups -= 1;
    if (topic.size === 0) this.#topics.delete(group.topic);
  }

  /** The groups whose filters an event fulfils. */
  candidates(topic: string, attributes: JsonObject): Iterable<Candidate> {
    return this.#topics.get(topic)?.find(attributes) ?? [];
  }

  /** How many topics and distinct filters are kept. */
  sizes(): { topics: number; groups: number } {
    return { topics: this.#topics.size, groups: this.#groups };
  }
}
