import type { Link } from './link.js';

/** The bus between the workers of a server, as its owner keeps it: who listens to what. */
export class Hub {
  readonly #channels = new Map<string, Set<Link>>();

  /** How many workers it reached. */
  publish(channel: string, bytes: Uint8Array): number {
    const links = this.#channels.get(channel);
    if (links === undefined) return 0;
    for (const link of links) link.tell('bus', channel, bytes);
    return links.size;
  }

  subscribe(channel: string, link: Link): void {
    this.#channels.set(channel, (this.#channels.get(channel) ?? new Set()).add(link));
  }

  unsubscribe(channel: string, link: Link): void {
    const links = this.#channels.get(channel);
    links?.delete(link);
    if (links?.size === 0) this.#channels.delete(channel);
  }

  /** A worker is gone. */
  forget(link: Link): void {
    for (const channel of [...this.#channels.keys()]) this.unsubscribe(channel, link);
  }
}
