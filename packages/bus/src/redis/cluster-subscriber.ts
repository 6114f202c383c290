import type { RedisAddress } from './address.js';
import { RedisAway } from './away.js';
import { type ClusterMap, placeName } from './cluster-map.js';
import { keySlot } from './key-slot.js';
import { PlaceLinks } from './place-links.js';
import type { SubscriberLink } from './subscriber-link.js';

interface Channel {
  readonly slot: number;
  /** The node on which it is subscribed; undefined where it is not, or not any more. */
  at: string | undefined;
}

const MOST_TRIES = 3;

export interface ClusterSubscriberOptions {
  readonly map: ClusterMap;
  readonly address: RedisAddress;
  readonly onState: (failure: Error | undefined) => void;
}

/** Sharded subscriptions, each on the node that owns the slot of its channel: those of one slot come in one order. */
export class ClusterSubscriber implements SubscriberLink {
  readonly #map: ClusterMap;
  readonly #links: PlaceLinks;
  readonly #onState: ClusterSubscriberOptions['onState'];
  readonly #channels = new Map<string, Channel>();
  readonly #listeners: ((bytes: Buffer, channel: string) => void)[] = [];
  readonly #resets: (() => void)[] = [];
  #isUp = true;
  #tending: Promise<void> | undefined;

  constructor({ map, address, onState }: ClusterSubscriberOptions) {
    this.#map = map;
    this.#onState = onState;
    this.#links = new PlaceLinks(address, (place, failure) => this.#changed(place, failure));
    map.onLook(() => this.#tend());
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  onMessage(listener: (bytes: Buffer, channel: string) => void): void {
    this.#listeners.push(listener);
  }

  onReset(listener: () => void): void {
    this.#resets.push(listener);
  }

  async add(name: string): Promise<void> {
    const channel: Channel = { slot: keySlot(name), at: undefined };
    this.#channels.set(name, channel);
    try {
      await this.#stand(name, channel);
    } catch (error) {
      if (this.#channels.get(name) === channel) this.#channels.delete(name);
      throw error instanceof RedisAway ? error : new RedisAway(undefined, error);
    }
  }

  async delete(name: string): Promise<void> {
    const channel = this.#channels.get(name);
    this.#channels.delete(name);
    if (channel?.at !== undefined) await this.#leave(name, channel.at);
  }

  close(): void {
    this.#links.close();
  }

  // With one listener for all, the end of a subscription takes no later one of the same channel along.
  readonly #hear = (bytes: Buffer, channel: string | Buffer): void => {
    for (const listener of this.#listeners) listener(bytes, String(channel));
  };

  async #stand(name: string, channel: Channel): Promise<void> {
    for (let n = 1; ; n += 1) {
      const owner = this.#map.ownerOf(channel.slot);
      if (owner === undefined) throw new RedisAway('no node owns the channel');
      try {
        const link = await this.#links.get(owner);
        await link.run((client) => client.sSubscribe(name, this.#hear, true));
        channel.at = placeName(owner);
        break;
      } catch (error) {
        if (n === MOST_TRIES || !/^MOVED /u.test((error as Error).message)) throw error;
        await this.#map.refresh();
      }
    }
    // It may have been left meanwhile.
    if (this.#channels.get(name) !== channel) await this.#leave(name, channel.at);
  }

  async #leave(name: string, place: string): Promise<void> {
    // One that came back meanwhile stands there again.
    if (this.#channels.get(name)?.at === place) return;
    const link = this.#links.at(place);
    await link?.run((client) => client.sUnsubscribe(name, this.#hear, true)).catch(() => undefined);
  }

  /** A connection was lost, and its subscriptions with it; or it is there again, without them. */
  #changed(place: string, failure: Error | undefined): void {
    let isHit = false;
    for (const channel of this.#channels.values()) {
      if (channel.at !== place) continue;
      channel.at = undefined;
      isHit = true;
    }
    if (failure === undefined) this.#tend();
    else if (isHit) this.#down(failure);
  }

  #down(failure: Error): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#onState(failure);
  }

  /** Makes every subscription stand on the node that owns its slot now. */
  #tend(): void {
    this.#tending ??= this.#move().finally(() => {
      this.#tending = undefined;
    });
  }

  async #move(): Promise<void> {
    const astray = [...this.#channels].filter(([, { slot, at }]) => {
      const owner = this.#map.ownerOf(slot);
      return owner === undefined || at !== placeName(owner);
    });
    // Those that are being made for the first time are told by their own promise.
    const results = await Promise.allSettled(astray.map(([name, channel]) => this.#restand(name, channel)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      this.#down(failed.reason as Error);
      return;
    }
    const wasUp = this.#isUp;
    this.#isUp = true;
    if (!wasUp) this.#onState(undefined);
    if (!wasUp || results.some((result) => result.status === 'fulfilled' && result.value)) {
      for (const reset of this.#resets) reset();
    }
    this.#links.keep((name) => this.#map.owns(name));
  }

  /** True where it stood elsewhere before: what came meanwhile is lost. */
  async #restand(name: string, channel: Channel): Promise<boolean> {
    const before = channel.at;
    await this.#stand(name, channel);
    if (before === undefined || before === channel.at) return false;
    await this.#links
      .at(before)
      ?.run((client) => client.sUnsubscribe(name, this.#hear, true))
      .catch(() => undefined);
    return true;
  }
}
