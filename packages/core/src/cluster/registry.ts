import type { JsonObject } from '@aideals/protocol';
import { type Clock, type ConnectionRecord, type Row, type Table, toSeconds } from '../ports/index.js';

/** A row of a connection: what it is, and the node that holds it. */
interface RegisteredRow extends JsonObject {
  node: string;
  record: JsonObject;
}

export interface Registered {
  readonly node: string;
  readonly record: ConnectionRecord;
}

/**
 * Told of each connection that is registered or removed: a table beside ours, in a form of its own. Nothing is decided by it,
 * and what fails there is told and no more.
 */
export interface ConnectionMirror {
  put(record: ConnectionRecord): Promise<void>;
  delete(connectionId: string): Promise<void>;
}

export interface RegistryOptions {
  readonly nodeId: string;
  readonly table: Table;
  readonly clock: Clock;
  readonly mirror?: ConnectionMirror;
  readonly failed: (error: unknown) => void;
}

/** A row outlives its node by so much at most; those of connections that live longer are written anew. */
const ROW_SECONDS = 86_400;
const RENEW_SECONDS = ROW_SECONDS / 2;
/** Connections of one user at most that are looked at. */
const MOST = 1_000;
/** How many rows are written or removed at once where there are many. */
const AT_ONCE = 50;

const userKey = (userId: string): string => `user#${userId}`;
const connectionKey = (connectionId: string): string => `conn#${connectionId}`;
const SELF = 'connection';

const registeredOf = ({ body }: Row): Registered => {
  const { node, record } = body as RegisteredRow;
  return { node, record: record as unknown as ConnectionRecord };
};

/**
 * The rows by which all nodes know all connections: one under the user, one under the connection, written together. They say
 * nothing of whether the node that wrote them still lives.
 */
export class Registry {
  readonly #options: RegistryOptions;
  /** When the rows of this node's connections are to be written anew, in Unix seconds, the earliest first. */
  readonly #renewals = new Map<string, number>();
  /** What is being written or removed: one after the other for each connection. */
  readonly #writing = new Map<string, Promise<void>>();
  /** What could not be removed, by connection. */
  readonly #left = new Map<string, ConnectionRecord>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Resolves when all nodes can see it. */
  put(record: ConnectionRecord): Promise<void> {
    const { connectionId } = record;
    return this.#inTurn(connectionId, async () => {
      const { table, clock, nodeId, mirror } = this.#options;
      const now = toSeconds(clock.now());
      const body: RegisteredRow = { node: nodeId, record: JSON.parse(JSON.stringify(record)) as JsonObject };
      const expiresAt = now + ROW_SECONDS;
      this.#renewals.delete(connectionId);
      this.#renewals.set(connectionId, now + RENEW_SECONDS);
      const [written] = await Promise.all([
        table.putMany([
          { pk: userKey(record.userId), sk: connectionId, body, expiresAt },
          { pk: connectionKey(connectionId), sk: SELF, body, expiresAt },
        ]),
        mirror?.put(record).catch(this.#options.failed),
      ]);
      await written.flushed;
    });
  }

  /** Never rejects: what cannot be removed now is removed later. */
  async remove(record: ConnectionRecord): Promise<void> {
    const { connectionId, userId } = record;
    this.#renewals.delete(connectionId);
    try {
      await this.#inTurn(connectionId, async () => {
        const { table, mirror } = this.#options;
        await Promise.all([
          table.delete(userKey(userId), connectionId),
          table.delete(connectionKey(connectionId), SELF),
          mirror?.delete(connectionId).catch(this.#options.failed),
        ]);
      });
      this.#left.delete(connectionId);
    } catch (error) {
      this.#left.set(connectionId, record);
      this.#options.failed(error);
    }
  }

  async ofUser(userId: string): Promise<readonly Registered[]> {
    return (await this.#options.table.query(userKey(userId), { limit: MOST })).map(registeredOf);
  }

  async get(connectionId: string): Promise<Registered | undefined> {
    const row = await this.#options.table.get(connectionKey(connectionId), SELF);
    return row === undefined ? undefined : registeredOf(row);
  }

  /** To be called from time to time: writes anew what grows old, and removes what could not be. */
  async tend(find: (connectionId: string) => ConnectionRecord | undefined): Promise<void> {
    const left = [...this.#left.values()];
    const now = toSeconds(this.#options.clock.now());
    const old: ConnectionRecord[] = [];
    for (const [connectionId, at] of this.#renewals) {
      if (at > now) break;
      const record = find(connectionId);
      if (record === undefined) this.#renewals.delete(connectionId);
      else old.push(record);
    }
    await this.#many(left, (record) => this.remove(record));
    await this.putAll(old);
  }

  /** Writes rows anew; what fails is told, and tried again at the next occasion. */
  async putAll(records: readonly ConnectionRecord[]): Promise<void> {
    await this.#many(records, (record) => this.put(record).catch(this.#options.failed));
  }

  /** Resolves when nothing is being written or removed. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing.values());
  }

  async #many<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(work));
  }

  #inTurn(connectionId: string, task: () => Promise<void>): Promise<void> {
    const before = this.#writing.get(connectionId);
    const turn = before === undefined ? task() : before.then(task, task);
    this.#writing.set(connectionId, turn);
    const end = (): void => {
      if (this.#writing.get(connectionId) === turn) this.#writing.delete(connectionId);
    };
    turn.then(end, end);
    return turn;
  }
}
