import { type RedisAddress, RedisSettingError, shownAddress } from './address.js';
import { RedisAway } from './away.js';
import { RedisConnection } from './connection.js';
import type { Client, Place } from './dial.js';
import { startError } from './start-error.js';

const LOOK_MS = 1_000;

interface Range {
  readonly from: number;
  readonly to: number;
  readonly owner: Place;
}

export const placeName = ({ host, port }: Place): string => `${host}:${port}`;

type SlotNode = readonly [string | null, number, ...unknown[]];
type SlotRow = readonly [number, number, ...SlotNode[]];

/** Who owns which slots, as any node tells it; `nodes` are all that it knows, with replicas. */
const askOwners = async (client: Client): Promise<{ ranges: readonly Range[]; nodes: readonly Place[] }> => {
  const rows = await client.sendCommand<readonly SlotRow[]>(['CLUSTER', 'SLOTS']);
  const { host = '' } = (client.options?.socket ?? {}) as { host?: string };
  // A node that does not know its own name is where it was asked.
  const placeOf = ([name, port]: SlotNode): Place => ({ host: name === null || name === '' ? host : name, port });
  return {
    ranges: rows.map(([from, to, master]) => ({ from, to, owner: placeOf(master as SlotNode) })),
    nodes: rows.flatMap(([, , ...nodes]) => nodes.map(placeOf)),
  };
};

export interface ClusterMapOptions {
  readonly onState: (failure: Error | undefined) => void;
}

/** Who owns the slots of a cluster, looked at each second and where a node says that it is another one. */
export class ClusterMap {
  /** A connection to any of the nodes: for what all of them hear. */
  readonly base: RedisConnection;
  readonly #known: Place[];
  readonly #given: readonly Place[];
  readonly #looks: (() => void)[] = [];
  #ranges: readonly Range[] = [];
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(base: RedisConnection, given: readonly Place[], known: Place[]) {
    this.base = base;
    this.#given = given;
    this.#known = known;
  }

  /** Rejects with a `RedisSettingError` where it cannot be opened, or is no cluster. */
  static async open(address: RedisAddress, { onState }: ClusterMapOptions): Promise<ClusterMap> {
    // It grows by the nodes that the cluster tells of: one of those that were named may be gone one day.
    const nodes = [...address.nodes];
    const base = await RedisConnection.open({ ...address, nodes }, { onState, wanted: 'any' });
    const map = new ClusterMap(base, address.nodes, nodes);
    try {
      await map.refresh();
    } catch (error) {
      map.close();
      throw /cluster support disabled/u.test(String(error))
        ? new RedisSettingError(address.setting, `${shownAddress(address)} is no cluster: say redis:// or rediss://`)
        : startError(address, error);
    }
    map.#lookLater();
    return map;
  }

  ownerOf(slot: number): Place | undefined {
    return this.#ranges.find(({ from, to }) => slot >= from && slot <= to)?.owner;
  }

  /** Whether a node owns any slot. */
  owns(name: string): boolean {
    return this.#ranges.some(({ owner }) => placeName(owner) === name);
  }

  /** Called after each look that succeeded. */
  onLook(listener: () => void): void {
    this.#looks.push(listener);
  }

  /** Asks who owns what now. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.base.close();
  }

  async #ask(): Promise<void> {
    const { ranges, nodes } = await this.base.run(askOwners);
    if (ranges.length === 0) throw new RedisAway('no node of the cluster owns any slot');
    this.#ranges = ranges;
    this.#known.splice(0, this.#known.length, ...this.#given, ...nodes);
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(async () => {
      try {
        await this.refresh();
        for (const told of this.#looks) told();
      } catch {
        // The next look tries again; that the base is away is told by its own state.
      }
      this.#lookLater();
    }, LOOK_MS);
    this.#timer.unref();
  }
}
