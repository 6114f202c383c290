import type { NewEvent } from '@aideals/core';
import { allEvents, checkTopic, eventKey, offsetOfEvent, offsetOfTopic, topicKey } from './log-keys.js';
import type { Batch, Db } from './writer.js';

const BEGIN = Buffer.from('begin');

/** A batch that holds events, and the last offset of them. */
interface Growth {
  readonly batch: Batch;
  last: number;
}

interface Fresh {
  readonly text: string;
  readonly topic: string;
}

/** The events of the log and their index by topic: those in the database, and behind them those on their way to it. */
export class Events {
  readonly #log: Db;
  readonly #meta: Db;
  readonly #fresh = new Map<number, Fresh>();
  #growth: Growth | undefined;
  /** The oldest offset that is there; one past the top where none is. */
  #begin = 1;
  #top = 0;
  /** The last offset that the database holds for good. */
  #durable = 0;

  constructor(log: Db, meta: Db) {
    this.#log = log;
    this.#meta = meta;
    this.reset();
  }

  get begin(): number {
    return this.#begin;
  }

  get top(): number {
    return this.#top;
  }

  /** Goes by what the database holds, and forgets what could not be written. */
  reset(): void {
    this.#fresh.clear();
    this.#growth = undefined;
    this.#begin = Number(this.#meta.get(BEGIN) ?? 1);
    const [last] = this.#log.getKeys({ start: allEvents.end, end: allEvents.start, reverse: true, limit: 1 });
    this.#top = last === undefined ? this.#begin - 1 : offsetOfEvent(last);
    this.#durable = this.#top;
  }

  append(batch: Batch, events: readonly NewEvent[]): void {
    for (const { topic } of events) checkTopic(topic);
    const texts = events.map((event) => JSON.stringify(event));
    for (const [i, { topic }] of events.entries()) {
      this.#top += 1;
      const text = texts[i] as string;
      batch.put(this.#log, eventKey(this.#top), text);
      batch.put(this.#log, topicKey(topic, this.#top), '');
      this.#fresh.set(this.#top, { text, topic });
    }
    if (texts.length > 0) this.#grow(batch);
  }

  get(offset: number): NewEvent | undefined {
    if (offset < this.#begin || offset > this.#top) return undefined;
    const text = this.#fresh.get(offset)?.text ?? this.#log.get(eventKey(offset));
    return text === undefined ? undefined : (JSON.parse(text) as NewEvent);
  }

  /** The offsets past `after` and up to `until`, of a topic or of all. */
  *offsets(topic: string | undefined, after: number, until: number): Generator<number> {
    const first = Math.max(after + 1, this.#begin);
    const last = Math.min(until, this.#top);
    if (topic === undefined) {
      for (let offset = first; offset <= last; offset++) yield offset;
      return;
    }
    const stored = Math.min(last, this.#durable);
    if (first <= stored) {
      for (const key of this.#log.getKeys({ start: topicKey(topic, first), end: topicKey(topic, stored + 1) })) {
        yield offsetOfTopic(key);
      }
    }
    for (let offset = Math.max(first, this.#durable + 1); offset <= last; offset++) {
      if (this.#fresh.get(offset)?.topic === topic) yield offset;
    }
  }

  /** Removes the oldest event, which is this one. */
  shift(batch: Batch, { topic }: NewEvent): void {
    batch.remove(this.#log, eventKey(this.#begin));
    batch.remove(this.#log, topicKey(topic, this.#begin));
    this.#fresh.delete(this.#begin);
    this.#begin += 1;
  }

  /** Stores where the log begins, which a log without events could not tell. Belongs to each batch with a `shift`. */
  storeBegin(batch: Batch): void {
    batch.put(this.#meta, BEGIN, String(this.#begin));
  }

  #grow(batch: Batch): void {
    if (this.#growth?.batch !== batch) {
      const growth = { batch, last: this.#top };
      this.#growth = growth;
      batch.onDurable(() => this.#settle(growth));
    }
    this.#growth.last = this.#top;
  }

  #settle({ last }: Growth): void {
    for (let offset = this.#durable + 1; offset <= last; offset++) this.#fresh.delete(offset);
    this.#durable = last;
  }
}
