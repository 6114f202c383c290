import type { RedisAddress } from './address.js';
import { RedisAway } from './away.js';
import type { ClusterMap } from './cluster-map.js';
import type { Commander, CommandLink } from './command-link.js';
import { keyOf, keySlot } from './key-slot.js';
import { PlaceLinks } from './place-links.js';

const MOST_REDIRECTIONS = 5;

export interface ClusterCommandsOptions {
  readonly map: ClusterMap;
  readonly address: RedisAddress;
  /** A key of the log: the state is that of the node that owns it. */
  readonly logKey: string;
  readonly onState: (failure: Error | undefined) => void;
}

/** Where a node says that a command has to go. */
const redirected = (error: unknown): 'MOVED' | 'ASK' | undefined =>
  error instanceof Error ? (/^(MOVED|ASK) /u.exec(error.message)?.[1] as 'MOVED' | 'ASK' | undefined) : undefined;

const placeIn = (error: unknown): { host: string; port: number } => {
  const [, host = '', port = ''] = /^ASK \d+ (.*):(\d+)$/u.exec((error as Error).message) ?? [];
  return { host, port: Number(port) };
};

/** Commands to the nodes of a cluster that own their keys. */
export class ClusterCommands implements CommandLink, Commander {
  readonly #map: ClusterMap;
  readonly #links: PlaceLinks;
  readonly #logSlot: number;
  readonly #onState: ClusterCommandsOptions['onState'];
  readonly #ups: (() => void)[] = [];
  #wasUp = true;

  constructor({ map, address, logKey, onState }: ClusterCommandsOptions) {
    this.#map = map;
    this.#logSlot = keySlot(logKey);
    this.#onState = onState;
    this.#links = new PlaceLinks(address, (_, failure) => this.#tell(failure));
  }

  /** Connects to the node of the log. Rejects with `RedisAway`. */
  async begin(): Promise<void> {
    const owner = this.#map.ownerOf(this.#logSlot);
    if (owner === undefined) throw new RedisAway('no node owns the log');
    await this.#links.get(owner);
    this.#map.onLook(() => void this.#tend());
  }

  get isUp(): boolean {
    const owner = this.#map.ownerOf(this.#logSlot);
    return owner !== undefined && this.#links.isUp(owner);
  }

  run<T>(command: (client: Commander) => Promise<T>): Promise<T> {
    return command(this);
  }

  async sendCommand<T>(words: readonly (string | Buffer)[]): Promise<T> {
    const slot = keySlot(keyOf(words));
    for (let n = 0; n < MOST_REDIRECTIONS; n += 1) {
      const owner = this.#map.ownerOf(slot);
      if (owner === undefined) break;
      try {
        return await (await this.#links.get(owner)).run((client) => client.sendCommand<T>(words));
      } catch (error) {
        const how = redirected(error);
        if (how === undefined) throw error;
        if (how === 'ASK') return this.#ask<T>(placeIn(error), words);
        await this.#map.refresh();
      }
    }
    throw new RedisAway('no node owns the key');
  }

  onUp(listener: () => void): void {
    this.#ups.push(listener);
  }

  close(): void {
    this.#links.close();
  }

  /** Of a slot that is on its way to another node, which takes this one command. */
  async #ask<T>(place: { host: string; port: number }, words: readonly (string | Buffer)[]): Promise<T> {
    const link = await this.#links.get(place);
    const [, answer] = await link.run((client) =>
      // In one tick, so that nothing comes between.
      Promise.all([client.sendCommand(['ASKING']), client.sendCommand<T>(words)]),
    );
    return answer;
  }

  /** The log's node is connected before it is needed, and nodes that own nothing any more are let go. */
  async #tend(): Promise<void> {
    const owner = this.#map.ownerOf(this.#logSlot);
    try {
      if (owner !== undefined) await this.#links.get(owner);
      this.#tell(undefined);
    } catch (error) {
      this.#tell(error as Error);
    }
    this.#links.keep((name) => this.#map.owns(name));
  }

  #tell(failure: Error | undefined): void {
    const { isUp } = this;
    if (isUp === this.#wasUp) return;
    this.#wasUp = isUp;
    this.#onState(isUp ? undefined : (failure ?? new RedisAway()));
    if (isUp) for (const told of this.#ups) told();
  }
}
