import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, place, toSeconds } from '@aideals/core';
import type { DynamoClient } from '../client.js';
import { DynamoUnavailable } from '../faults.js';
import { writeToken } from '../tokens.js';
import type { FailedAppends } from './failed.js';
import type { LogHead } from './head.js';
import { endOf, itemKey, type Kept, type LogItem, partsPk } from './items.js';
import type { Packed } from './packing.js';
import { portions } from './packing.js';
import type { LogReader } from './reader.js';

/** How long the end of the log is taken to be where it was seen, without a look. */
const SEEN_MS = 30_000;

/** Items stay for longer than this; a write that was on its way for longer may have come to an old place. */
const LATE_MS = 1_800_000;

const ATTEMPTS = 64;
const PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 250;

/** An item that was put, and is not confirmed yet. */
export interface Placed {
  readonly first: number;
  readonly count: number;
  readonly token: string;
}

/** What goes into an item, but for its place. */
export interface Content {
  readonly token: string;
  readonly count: number;
  readonly attributes: Omit<LogItem, 'pk' | 'sk'>;
}

export interface PlacingOptions {
  readonly client: DynamoClient;
  readonly clock: Clock;
  readonly head: LogHead;
  readonly reader: LogReader;
  readonly failed: FailedAppends;
  /** How long items stay, in seconds. */
  readonly keptSeconds: number;
}

/** Puts items at the end of the log: each where the one before ends, and only where nothing stands. */
export class Placing {
  readonly #options: PlacingOptions;
  /** The end of the last item that is known to stand. */
  #end: number | undefined;
  #seenAt = 0;

  constructor(options: PlacingOptions) {
    this.#options = options;
  }

  /** Where the log ends, as far as is known; what others put behind it is found when something is put there. */
  async end(): Promise<number> {
    if (this.#end === undefined || performance.now() - this.#seenAt > SEEN_MS) await this.look();
    return this.#end as number;
  }

  /** Looks where the log reaches to. */
  async look(): Promise<number> {
    const at = performance.now();
    const { top } = await this.#options.head.read();
    this.#end = Math.max(top, this.#end ?? 0);
    this.#seenAt = at;
    return this.#end;
  }

  /** Takes note that an item ends there. */
  passed(end: number): void {
    this.#end = Math.max(end, this.#end ?? 0);
  }

  /** Forgets what it knows, after a failure. */
  forget(): void {
    this.#end = undefined;
  }

  /** What is to be put: a list that is too large for one item is put in parts first, which nobody sees. */
  async content(
    list: Packed,
    { claim, keptSeconds = 0 }: { claim?: string; keptSeconds?: number } = {},
  ): Promise<Content> {
    const { clock, client } = this.#options;
    const token = writeToken();
    const now = clock.now();
    const ttl = toSeconds(now) + Math.max(this.#options.keptSeconds, keptSeconds);
    const count = list.events.length;
    const common = { n: count, w: token, t: now, ttl, ...(claim === undefined ? {} : { c: claim }) };
    const parts = portions(list);
    const texts = (events: readonly Kept[]): string[] => events.map(({ text }) => text);
    if (parts.length <= 1) return { token, count, attributes: { ...common, e: texts(list.events) } };
    await client.batchWrite(
      client.tables.aideals,
      parts.map((part, i) => ({ put: { pk: partsPk(token), sk: place(i), e: texts(part), ttl } })),
    );
    return { token, count, attributes: { ...common, p: token } };
  }

  /** Puts an item at the end of the log, wherever that is by now. */
  async append(content: Content): Promise<Placed> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const first = (await this.end()) + 1;
      const taken = await this.put(content, first);
      if (taken === undefined) return { first, count: content.count, token: content.token };
      // Others write too: what they have put by now is found faster from the head than one after another.
      await this.look();
      if (attempt > 0) await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** attempt));
    }
    throw new DynamoUnavailable(`an append to the log on DynamoDB met others ${ATTEMPTS} times and gave up`);
  }

  /** Undefined where it stands there now; else the item of another that does. */
  async put({ token, count, attributes }: Content, first: number): Promise<LogItem | undefined> {
    const { client, reader, failed } = this.#options;
    const begun = performance.now();
    try {
      const written = await client.put({
        TableName: client.tables.aideals,
        Item: { ...itemKey(first), ...attributes },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      if (written.stored) {
        if (performance.now() - begun > LATE_MS) throw new DynamoUnavailable('an append to the log came too late');
        this.passed(endOf({ first, count }));
        return undefined;
      }
      const taken = await reader.itemAt(first);
      if (taken === undefined) throw new DynamoUnavailable('an append to the log met an item that is gone; try again');
      this.passed(endOf({ first, count: taken.n }));
      if (taken.w === token) return undefined;
      if (failed.has(taken.w)) await failed.void(taken.w, first);
      return taken;
    } catch (error) {
      failed.add(token, first);
      this.forget();
      throw error;
    }
  }
}
