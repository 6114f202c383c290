import type { JsonObject } from '@aideals/protocol';
import type { Clock, Table, Telemetry } from '../ports/index.js';
import { toSeconds } from '../ports/index.js';

/** What a node says of itself, in its row and on the bus. */
export interface NodeFacts extends JsonObject {
  /** The version of what nodes say to each other. Nodes of versions that follow each other understand each other. */
  version: number;
  connections: number;
  /** Unix milliseconds by the node's own clock. */
  clock: number;
}

export interface LeaseOptions {
  readonly nodeId: string;
  readonly table: Table;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Calls of `beat`, one a second, for which a lease stands. */
  readonly seconds: number;
  readonly connections: () => number;
  /** Told of a node that was alive and whose lease has ended without a word. */
  readonly died: (nodeId: string) => void;
}

interface Seen {
  version: number;
  /** The beat of this node at which the other’s row was seen to change last. */
  at: number;
  readonly facts: NodeFacts;
}

export const NODE_VERSION = 1;

const NODES = 'nodes';
/** Nodes at most; a cluster that had more would be known in part. */
const MOST_NODES = 1_000;
/** Rows of nodes that died are kept for so many leases, so that what they left is known to be theirs. */
const KEPT_LEASES = 20;
/** How long a node that was looked up and not found is taken for dead, in beats. */
const UNKNOWN_BEATS = 3;

/**
 * Which nodes are alive. Each writes a row three times in the length of a lease; one whose row has not changed for so long
 * is taken for dead. Time is counted in this node's own beats, so that clocks which differ or jump change nothing.
 */
export class Leases {
  readonly #options: LeaseOptions;
  readonly #period: number;
  readonly #seen = new Map<string, Seen>();
  readonly #unknown = new Map<string, number>();
  readonly #alive = new Set<string>();
  #beat = 0;
  #renewedAt: number | undefined;
  #isWell = true;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#period = Math.max(1, Math.floor(options.seconds / 3));
  }

  get isWell(): boolean {
    return this.#isWell;
  }

  /** The nodes that are alive, this one too, with what they say of themselves. */
  get nodes(): ReadonlyMap<string, NodeFacts> {
    const { nodeId } = this.#options;
    const alive = [...this.#seen].filter(([id, seen]) => id !== nodeId && this.#isFresh(seen));
    return new Map<string, NodeFacts>([
      ...alive.map(([id, { facts }]) => [id, facts] as const),
      [nodeId, this.facts()],
    ]);
  }

  facts(): NodeFacts {
    const { clock, connections } = this.#options;
    return { version: NODE_VERSION, connections: connections(), clock: clock.now() };
  }

  /** To be called every second. True where it was time to renew, and this node had been away for longer than its lease. */
  async beat(): Promise<boolean> {
    this.#beat += 1;
    if (this.#beat % this.#period !== 0) return false;
    return this.renew();
  }

  /** Renews this node's lease, and looks at those of the others. True where the lease had lapsed. */
  async renew(): Promise<boolean> {
    const { table, nodeId, clock, seconds, telemetry } = this.#options;
    const now = clock.now();
    const expiresAt = toSeconds(now) + seconds * KEPT_LEASES;
    try {
      await table.put(NODES, nodeId, this.facts(), { expiresAt });
      await this.#look();
      this.#isWell = true;
    } catch {
      this.#isWell = false;
      return false;
    }
    const away = this.#renewedAt === undefined ? 0 : now - this.#renewedAt;
    this.#renewedAt = now;
    if (away <= seconds * 1000) return false;
    telemetry.event({ name: 'lease-lapsed', ms: away });
    return true;
  }

  async isAlive(nodeId: string): Promise<boolean> {
    if (nodeId === this.#options.nodeId) return true;
    const seen = this.#seen.get(nodeId);
    if (seen !== undefined) return this.#isFresh(seen);
    const until = this.#unknown.get(nodeId);
    if (until !== undefined && this.#beat < until) return false;
    // It may have come since the last look.
    await this.#look();
    if (this.#seen.has(nodeId)) return this.isAlive(nodeId);
    this.#unknown.set(nodeId, this.#beat + UNKNOWN_BEATS);
    return false;
  }

  /** True where nothing is left of a node, not even the row of a lease that ended long ago: it will not come back. */
  async isForgotten(nodeId: string): Promise<boolean> {
    return (await this.#options.table.get(NODES, nodeId)) === undefined;
  }

  /** This node ends: what it left is not taken for alive any more. */
  async end(): Promise<void> {
    await (await this.#options.table.delete(NODES, this.#options.nodeId)).flushed;
  }

  #isFresh({ at }: Seen): boolean {
    return this.#beat - at < this.#options.seconds - this.#period;
  }

  async #look(): Promise<void> {
    const { table, clock, seconds } = this.#options;
    const rows = await table.query(NODES, { limit: MOST_NODES });
    const now = clock.now();
    for (const { sk, version, body } of rows) {
      const facts = body as NodeFacts;
      const seen = this.#seen.get(sk);
      if (seen?.version === version) continue;
      // One that is seen for the first time may have died long ago.
      const isLate = seen === undefined && now - facts.clock > 2 * seconds * 1000;
      this.#seen.set(sk, { version, at: isLate ? this.#beat - seconds : this.#beat, facts });
      this.#unknown.delete(sk);
    }
    const present = new Set(rows.map(({ sk }) => sk));
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
    for (const [id, until] of this.#unknown) if (until <= this.#beat) this.#unknown.delete(id);
    this.#notice();
  }

  #notice(): void {
    const { nodeId, died } = this.#options;
    for (const id of this.#alive) if (!this.#seen.has(id)) this.#alive.delete(id);
    for (const [id, seen] of this.#seen) {
      if (id === nodeId) continue;
      if (this.#isFresh(seen)) this.#alive.add(id);
      else if (this.#alive.delete(id)) died(id);
    }
  }
}
