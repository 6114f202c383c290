import type { Wire } from './checker/trace.js';
import type { Link, Peer } from './network.js';
import { tokenOf } from './server/tokens.js';
import type { World } from './world.js';

const USER = 'audit';

/** Reads the whole log over the wire, from its first place on. */
export class Auditor implements Peer {
  readonly #world: World;
  readonly #begin: string;
  link: Link | undefined;

  constructor(world: World, begin: string) {
    this.#world = world;
    this.#begin = begin;
  }

  dial(): void {
    const { life, scheduler } = this.#world;
    if (life === undefined) throw new Error('there is no server to audit');
    const exp = Math.floor(this.#world.now / 1000) + 86_400;
    const link = this.#world.link(life, this, { user: USER, client: undefined, exp, role: 'audit' });
    this.link = link;
    scheduler.add(() => void life.open(link, tokenOf(USER, exp), undefined), life);
  }

  accepted(link: Link): void {
    for (const topic of ['all-deals', 'price-updates']) {
      const data = { topic, lastEventId: this.#begin };
      const request = { action: 'subscribeToDeals', data, requestId: this.#world.name('r') };
      this.#world.see({ kind: 'sent', conn: link.id, request });
      link.send(JSON.stringify(request));
    }
  }

  received(_link: Link, _wire: Wire): void {
    // The trace is what it reads.
  }

  closed(): void {
    this.link = undefined;
  }
}
