import type { DynamoClient, Item } from '../client.js';
import { DynamoUnavailable } from '../faults.js';
import { headKey } from './items.js';

/** Where the log stands: events from `begin` to `top` are there. */
export interface Position {
  readonly begin: number;
  readonly top: number;
}

/** The table was made anew, or restored, while this process had it open: what it knows of the log is another log's. */
export class LogChanged extends DynamoUnavailable {}

interface Waiting {
  readonly to: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The row that tells how far the log reaches. What lies past it was not confirmed, and is not read. It belongs to a segment:
 * a log that begins another one under this process is not written any more.
 */
export class LogHead {
  readonly #client: DynamoClient;
  readonly #segment: string;
  #known: Position;
  #waiting: Waiting[] = [];
  #isMoving = false;

  constructor(client: DynamoClient, segment: string, position: Position) {
    this.#client = client;
    this.#segment = segment;
    this.#known = position;
  }

  /** As it was seen last. Both ends only ever grow. */
  get known(): Position {
    return this.#known;
  }

  async read(): Promise<Position> {
    const item = await this.#client.get({ TableName: this.#client.tables.aideals, Key: headKey });
    if (item?.['s'] !== this.#segment) throw this.#changed();
    return this.#note(positionOf(item));
  }

  /** Resolves when the log reaches to this offset at least. Those that wait at the same time share one write, and resolve in order. */
  reach(to: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ to, resolve, reject });
      if (!this.#isMoving) void this.#move();
    });
  }

  /** Lets the log begin at this offset, if it begins before it. */
  async beginAt(begin: number): Promise<void> {
    const moved = await this.#update('b', begin);
    if (!moved) await this.read();
    else this.#note({ begin, top: this.#known.top });
  }

  #note({ begin, top }: Position): Position {
    this.#known = { begin: Math.max(begin, this.#known.begin), top: Math.max(top, this.#known.top) };
    return this.#known;
  }

  async #move(): Promise<void> {
    this.#isMoving = true;
    while (this.#waiting.length > 0) {
      const moved = this.#waiting;
      this.#waiting = [];
      const to = Math.max(...moved.map((waiting) => waiting.to));
      try {
        if (!(await this.#update('n', to))) await this.read();
        this.#note({ begin: this.#known.begin, top: to });
        for (const { resolve } of moved) resolve();
      } catch (error) {
        for (const { reject } of moved) reject(error);
      }
    }
    this.#isMoving = false;
  }

  /** False where it was there already. */
  async #update(field: 'n' | 'b', value: number): Promise<boolean> {
    const { stored } = await this.#client.update({
      TableName: this.#client.tables.aideals,
      Key: headKey,
      UpdateExpression: 'SET #f = :to',
      ConditionExpression: '#f < :to AND #s = :s',
      ExpressionAttributeNames: { '#f': field, '#s': 's' },
      ExpressionAttributeValues: { ':to': value, ':s': this.#segment },
    });
    return stored;
  }

  #changed(): LogChanged {
    const { where, tables } = this.#client;
    return new LogChanged(`the table ${tables.aideals} on DynamoDB (${where}) was made anew while it was in use`);
  }
}

export const positionOf = (item: Item): Position => ({ begin: item['b'] as number, top: item['n'] as number });
