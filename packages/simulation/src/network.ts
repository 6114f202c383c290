import type { Wire } from './checker/trace.js';
import type { Life } from './server/life.js';
import type { Outbox } from './server/outbox.js';
import type { World } from './world.js';

/** What is on its way to a client. */
type Parcel =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'frame'; readonly wire: Wire }
  | { readonly kind: 'closed'; readonly code: number | undefined };

/** Who is at the other end. */
export interface Peer {
  accepted(link: Link): void;
  received(link: Link, wire: Wire): void;
  closed(link: Link, code: number | undefined): void;
}

/** One TCP connection: in order both ways, as slow as chance has it, and it may break at either end. */
export class Link {
  readonly id: string;
  readonly #world: World;
  readonly #life: Life;
  readonly #peer: Peer;
  readonly #down: Parcel[] = [];
  readonly #up: (string | undefined)[] = [];
  #outbox: Outbox | undefined;
  #draining = false;
  #code: number | undefined;
  /** What the client did or knows. */
  #stalled = false;
  #ended = false;
  /** The last time that the client took a byte, by a clock that does not jump. */
  #progress: number;

  constructor(world: World, life: Life, peer: Peer, id: string) {
    this.#world = world;
    this.#life = life;
    this.#peer = peer;
    this.id = id;
    this.#progress = world.elapsed;
  }

  /** Whether the client has left; the server may not know yet. */
  get isGone(): boolean {
    return this.#ended;
  }

  get isStalled(): boolean {
    return this.#stalled;
  }

  // What the client does.

  send(text: string): void {
    this.#rise(text);
  }

  /** Stops or goes on reading. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    if (!stalled) this.ready();
  }

  /** Leaves. Where the link breaks, what is on its way is lost in part, and the server finds out late. */
  leave(breaks: boolean): void {
    this.#ended = true;
    this.#down.length = 0;
    if (breaks) this.#up.length = this.#world.random.below(this.#up.length + 1);
    this.#rise(undefined, breaks ? this.#world.random.below(40) : 0);
  }

  // What the server does.

  accepted(outbox: Outbox): void {
    this.#outbox = outbox;
    this.#fall({ kind: 'accepted' });
  }

  refused(status: number): void {
    this.#fall({ kind: 'refused', status });
  }

  /** Something waits in the outbox. */
  ready(): void {
    if (this.#draining || this.#stalled) return;
    this.#draining = true;
    this.#world.scheduler.add(() => this.#drain(), this.#life);
  }

  closing(code: number): void {
    this.#code = code;
  }

  /** Ends a reader that took nothing for too long. */
  watch(stallMs: number): void {
    const waits = this.#stalled && (this.#outbox?.size ?? 0) > 0;
    if (waits && this.#world.elapsed - this.#progress >= stallMs) this.#outbox?.giveUp(4008);
  }

  /** The server is gone: of what it had sent, some arrives. */
  crashed(): void {
    if (this.#ended) return;
    this.#down.length = this.#world.random.below(this.#down.length + 1);
    this.#fall({ kind: 'closed', code: undefined });
  }

  #drain(): void {
    this.#draining = false;
    if (this.#stalled || this.#outbox === undefined) return;
    for (let left = this.#world.random.between(1, 4); left > 0; left--) {
      const wire = this.#outbox.take();
      if (wire === undefined) break;
      this.#progress = this.#world.elapsed;
      this.#fall({ kind: 'frame', wire });
    }
    if (this.#outbox.size > 0) this.ready();
    else if (!this.#outbox.isOpen && this.#code !== undefined) {
      this.#fall({ kind: 'closed', code: this.#code });
      this.#code = undefined;
    }
  }

  #rise(text: string | undefined, wait = 0): void {
    this.#up.push(text);
    this.#world.scheduler.add(() => this.#arriveUp(), this.#life, wait);
  }

  #arriveUp(): void {
    if (this.#up.length === 0) return;
    const text = this.#up.shift();
    if (text === undefined) this.#life.gone(this.id);
    else this.#life.frame(this.id, text);
  }

  #fall(parcel: Parcel): void {
    this.#down.push(parcel);
    // What is on the wire does not end with the server.
    this.#world.scheduler.add(() => this.#arriveDown());
  }

  #arriveDown(): void {
    const parcel = this.#down.shift();
    if (parcel === undefined || this.#ended) return;
    const { id: conn } = this;
    switch (parcel.kind) {
      case 'accepted':
        this.#world.see({ kind: 'accepted', conn });
        this.#peer.accepted(this);
        return;
      case 'refused':
        this.#ended = true;
        this.#world.see({ kind: 'refused', conn, status: parcel.status });
        this.#peer.closed(this, undefined);
        return;
      case 'frame':
        this.#world.see({ kind: 'received', conn, wire: parcel.wire });
        this.#peer.received(this, parcel.wire);
        return;
      case 'closed':
        this.#ended = true;
        this.#world.see({ kind: 'closed', conn, code: parcel.code });
        this.#peer.closed(this, parcel.code);
        this.leave(false);
    }
  }
}
