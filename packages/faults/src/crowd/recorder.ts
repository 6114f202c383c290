import type { EventData, History, Message, Publication, ReceivedMessage } from '../history/history.js';

type Open<T> = { -readonly [K in keyof T]: T[K] };

/** What is being written down: records are filled in as answers come. */
export type OpenPublication = Open<Publication>;
export type OpenMessage = Open<Message>;

export interface OpenSitting {
  readonly user: string;
  readonly openedAt: number;
  readonly received: ReceivedMessage[];
}

interface OpenReader {
  readonly name: string;
  readonly interest: History['readers'][number]['interest'];
  readonly stretches: History['readers'][number]['stretches'][number][];
}

/** Writes the history of a run. */
export class Recorder {
  readonly publications: OpenPublication[] = [];
  readonly readers: OpenReader[] = [];
  readonly messages: OpenMessage[] = [];
  readonly sittings: OpenSitting[] = [];
  readonly acknowledged = new Map<string, number>();
  readonly #events = new Map<string, EventData>();
  readonly #ids = new Map<string, string>();
  readonly #conflicts: [string, EventData, EventData][] = [];
  #count = 0;

  /** How many events came, to all readers. */
  get received(): number {
    return this.#count;
  }

  get distinct(): number {
    return this.#events.size;
  }

  /** Takes note of an event; gives its id, as one string for all who have it. */
  came(id: string, event: EventData): string {
    this.#count += 1;
    const known = this.#events.get(id);
    if (known === undefined) {
      this.#ids.set(id, id);
      this.#events.set(id, event);
      return id;
    }
    const isSame = known.tag === event.tag && known.topic === event.topic && known.shop === event.shop;
    if (!isSame) this.#conflicts.push([id, known, event]);
    return this.#ids.get(id) ?? id;
  }

  history(end: string | undefined): History {
    const { publications, readers, messages, sittings, acknowledged } = this;
    return {
      ...{ publications, readers, messages, sittings, acknowledged, end },
      events: this.#events,
      conflicts: this.#conflicts,
    };
  }
}
