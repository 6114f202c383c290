import { type Clock, place } from '@aideals/core';
import type { DynamoClient } from '../client.js';
import { endOfConnection } from './keys.js';

const PK = 'count#connections';
const MINUTE = 60_000;
/** How long a minute's number is kept past the end of its connections, in seconds. */
const KEPT_SECONDS = 600;

const minuteOf = (ms: number): number => Math.floor(ms / MINUTE);

/**
 * How many connections are open: a number for each minute in which some were opened, up with each opening and down with each
 * deletion of a row. What was counted wrong, since a function was cut off between the two, is gone when its minute is: no
 * connection lives past that.
 */
export class Counts {
  readonly #client: DynamoClient;
  readonly #clock: Clock;

  constructor(client: DynamoClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** `connectedAt` is Unix milliseconds. */
  async add(connectedAt: number, n: 1 | -1): Promise<void> {
    await this.#client.update({
      TableName: this.#client.tables.aideals,
      Key: { pk: PK, sk: place(minuteOf(connectedAt)) },
      UpdateExpression: 'SET #ttl = :ttl ADD #n :n',
      ExpressionAttributeNames: { '#n': 'n', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':n': n, ':ttl': endOfConnection(connectedAt) + KEPT_SECONDS },
    });
  }

  async total(): Promise<number> {
    const lifetime = (endOfConnection(0) + 60) * 1000;
    const oldest = Math.max(0, minuteOf(this.#clock.now() - lifetime));
    const minutes = await this.#client.queryAll({
      TableName: this.#client.tables.aideals,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: { ':pk': PK, ':from': place(oldest) },
    });
    return minutes.reduce((sum, { n }) => sum + Math.max(0, n as number), 0);
  }
}
