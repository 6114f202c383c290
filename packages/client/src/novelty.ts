import { isOlder } from './event-id.js';
import type { DealEvent } from './frames.js';

/** The last entries, between one and two times `size` of them: when the young ones are full they become the old ones. */
class Recent<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

/** What two events have in common that tell of the same thing; undefined where an event stands for itself. */
const subjectOf = ({ type, data }: DealEvent): string | undefined => {
  const name = type === 'priceUpdate' ? data['productId'] : (data['dealId'] ?? data['id']);
  return typeof name === 'string' || typeof name === 'number' ? `${type} ${name}` : undefined;
};

/**
 * Tells what is new to a receiver. A replay may repeat what came already, and a deployment without order may let a newer
 * state of a deal overtake an older one, which then must not be applied over it.
 */
export class Novelty {
  readonly #seen: Recent<true>;
  readonly #newest: Recent<string>;

  /** Remembers at least so many events. */
  constructor(size = 4096) {
    this.#seen = new Recent(size);
    this.#newest = new Recent(size);
  }

  accepts(event: DealEvent): boolean {
    if (this.#seen.get(event.id)) return false;
    this.#seen.set(event.id, true);
    const subject = subjectOf(event);
    if (subject === undefined) return true;
    const newest = this.#newest.get(subject);
    if (newest !== undefined && isOlder(event.id, newest)) return false;
    this.#newest.set(subject, event.id);
    return true;
  }
}
