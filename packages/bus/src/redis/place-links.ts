import type { RedisAddress } from './address.js';
import { RedisAway } from './away.js';
import { placeName } from './cluster-map.js';
import { RedisConnection } from './connection.js';
import type { Place } from './dial.js';

interface Link {
  readonly opening: Promise<RedisConnection>;
  open: RedisConnection | undefined;
}

/** Connections to nodes of a cluster, each opened when it is needed first. */
export class PlaceLinks {
  readonly #address: RedisAddress;
  readonly #onState: (place: string, failure: Error | undefined) => void;
  readonly #links = new Map<string, Link>();
  #isClosed = false;

  constructor(address: RedisAddress, onState: (place: string, failure: Error | undefined) => void) {
    this.#address = address;
    this.#onState = onState;
  }

  /** Rejects with `RedisAway` where it cannot be opened; the next call tries again. */
  get(place: Place): Promise<RedisConnection> {
    const name = placeName(place);
    const present = this.#links.get(name);
    if (present !== undefined) return present.opening;
    const link: Link = { opening: this.#open(place, name), open: undefined };
    this.#links.set(name, link);
    link.opening.then(
      (connection) => {
        link.open = connection;
        if (this.#links.get(name) !== link || this.#isClosed) connection.close();
      },
      () => this.#links.delete(name),
    );
    return link.opening;
  }

  /** Whether there is a connection to this node that works. */
  isUp(place: Place): boolean {
    return this.#links.get(placeName(place))?.open?.isUp === true;
  }

  /** The connection to a node, where there is one. */
  at(name: string): RedisConnection | undefined {
    return this.#links.get(name)?.open;
  }

  /** Ends those to nodes for which there is no use any more. */
  keep(isUsed: (name: string) => boolean): void {
    for (const [name, link] of this.#links) {
      if (link.open === undefined || isUsed(name)) continue;
      this.#links.delete(name);
      link.open.close();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.keep(() => false);
  }

  async #open(place: Place, name: string): Promise<RedisConnection> {
    try {
      const onState = (failure: Error | undefined): void => this.#onState(name, failure);
      return await RedisConnection.open({ ...this.#address, nodes: [place] }, { onState, wanted: 'any' });
    } catch (error) {
      throw new RedisAway(undefined, error);
    }
  }
}
