import type { IdKind, Ids } from '@aideals/core';
import type { Role, Seen, Sight } from './checker/trace.js';
import type { Device, Mail } from './clients/device.js';
import { Publisher } from './clients/publisher.js';
import type { Mutation, Stage } from './mutations/mutation.js';
import { Link, type Peer } from './network.js';
import { type Profile, profileOf } from './profile.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import type { Life } from './server/life.js';
import type { Machine } from './store/calls.js';
import { Disk } from './store/disk.js';
import type { StreamsOp } from './store/streams.js';
import type { TableOp } from './store/table.js';

const START = 1_764_039_600_000;

/** Something that the server did and never may: not an answer, but a fault of its own. */
export interface Surprise {
  readonly where: string;
  readonly error: unknown;
  readonly index: number;
}

/** The last digit of the seeds in which subscriptions are changed: those that are kept, and end in others, go on as they were. */
const CHANGING = 8;

/** Everything in one run: the clock, the disk, the wire and who is at its ends. All that happens is seen in the trace. */
export class World {
  readonly seed: number;
  readonly mutation: Mutation | undefined;
  readonly random: Random;
  readonly stage: Stage;
  readonly profile: Profile;
  readonly scheduler: Scheduler;
  readonly trace: Seen[] = [];
  readonly surprises: Surprise[] = [];
  readonly log: Disk<StreamsOp> = new Disk();
  readonly table: Disk<TableOp> = new Disk();
  readonly machine: Machine;
  readonly devices: Device[] = [];
  readonly links: Set<Link> = new Set();
  /** All mail that anyone was told of: to be acknowledged by the right ones and by others. */
  readonly mail: Mail[] = [];
  readonly publisher: Publisher;
  readonly ids: Ids;
  life: Life | undefined;
  lives = 0;
  /** What the present segment of the log is named. */
  epoch = '';
  calls = 0;
  /** Unix milliseconds by the clock on the wall, which jumps. */
  now = START;
  /** Milliseconds by a clock that does not. */
  elapsed = 0;
  #names = 0;

  constructor(seed: number, mutation?: Mutation) {
    this.seed = seed;
    this.mutation = mutation;
    this.random = new Random(seed);
    this.stage = { random: new Random(~seed) };
    this.profile = profileOf(this.random, seed % 10 === CHANGING);
    this.scheduler = new Scheduler(this.random);
    this.machine = { full: false, faulty: true, fault: (port) => this.see({ kind: 'fault', port }) };
    this.ids = { next: (kind) => this.#id(kind) };
    this.publisher = new Publisher(this);
  }

  see(sight: Sight): void {
    this.trace.push({ index: this.trace.length, step: this.scheduler.count, clock: this.now, ...sight });
  }

  surprise(where: string, error: unknown): void {
    this.surprises.push({ where, error, index: this.trace.length });
  }

  /** A name that was not there before. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  link(life: Life, peer: Peer, dial: { user: string; client: string | undefined; exp: number; role: Role }): Link {
    const link = new Link(this, life, peer, this.ids.next('connection'));
    for (const other of this.links) if (other.isGone) this.links.delete(other);
    this.links.add(link);
    this.see({ kind: 'dial', conn: link.id, ...dial });
    return link;
  }

  /** Ids of one life sort by the time they were made; those of a later life need not follow. */
  #id(kind: IdKind): string {
    this.#names += 1;
    const life = String.fromCharCode(122 - (this.lives % 26));
    return `${life}${String(this.#names).padStart(5, '0')}${kind.slice(0, 3)}`;
  }
}
