import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DealEvent, Filters } from './frames.js';
import { deadline, type Effect } from './machine.js';
import { Novelty } from './novelty.js';
import { Rig } from './testing/rig.js';
import { SimServer } from './testing/sim-server.js';

const filters: fc.Arbitrary<Filters> = fc.oneof(
  fc.constant({}),
  fc.record({ category: fc.constantFrom('a', 'b') }),
  fc.record({ minPrice: fc.constantFrom(2, 5) }),
);
const id = fc.constantFrom('s1', 's2', 's3');

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('publish' as const),
      category: fc.constantFrom('a', 'b'),
      price: fc.nat(9),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('receive' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('transmit' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('break' as const), code: fc.constantFrom(1006, 1012, 4008) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('goAway' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('pass' as const), ms: fc.nat(40_000) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('subscribe' as const), id, filters }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('unsubscribe' as const), id }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('update' as const), id, filters }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** The machine, a server, and all that lies between; a connection may break with frames on their way, in either direction. */
class World {
  readonly rig = new Rig();
  readonly server: SimServer;
  readonly got = new Map<string, DealEvent[]>();
  readonly #novelty = new Map<string, Novelty>();
  /** From which event on a subscription is promised what its present filters match. */
  readonly promisedFrom = new Map<string, number>();

  constructor(changes: boolean) {
    this.server = new SimServer(changes);
  }

  run({ op, ...given }: Operation): void {
    const { rig } = this;
    const { id: name = '', filters: wanted = {} } = given as { id?: string; filters?: Filters };
    const request = { topic: 'deals', filters: wanted };
    switch (op) {
      case 'publish': {
        const { category, price } = given as { category: string; price: number };
        this.server.publish('deals', { category, price });
        break;
      }
      case 'receive':
        for (let n = (given as { count: number }).count; n > 0; n -= 1) this.receive();
        break;
      case 'transmit':
        this.transmit();
        break;
      case 'break':
        this.disconnect((given as { code: number }).code);
        break;
      case 'goAway':
        if (rig.state.link.at === 'open') rig.frame({ type: 'goAway', data: { afterMs: 100, spreadMs: 100 } });
        break;
      case 'pass':
        rig.pass((given as { ms: number }).ms);
        break;
      case 'subscribe':
        if (rig.state.subs.has(name)) break;
        this.#novelty.set(name, new Novelty());
        this.got.set(name, []);
        this.promisedFrom.delete(name);
        rig.do({ type: 'subscribe', id: name, request, lastEventId: undefined });
        break;
      case 'unsubscribe':
        rig.do({ type: 'unsubscribe', id: name });
        break;
      case 'update':
        if (!rig.state.subs.has(name)) break;
        this.promisedFrom.delete(name);
        rig.do({ type: 'update', id: name, request });
        break;
    }
    this.settle();
  }

  /** The frames of the client reach the server. */
  transmit(): void {
    for (const frame of this.rig.sent()) this.server.handle(frame);
  }

  /** A frame of the server reaches the client. */
  receive(): boolean {
    const frame = this.rig.state.link.at === 'open' ? this.server.wire.shift() : undefined;
    if (frame === undefined) return false;
    this.rig.frame(frame);
    this.settle();
    return true;
  }

  disconnect(code: number): void {
    if (this.rig.state.link.at === 'open') this.rig.closed(code);
  }

  /** Brings a connection about, and lets all that is on its way arrive. */
  quiesce(): void {
    if (this.rig.state.link.at === 'open' && this.rig.state.link.leaving !== undefined) this.rig.pass(1_000);
    this.settle();
    if (this.rig.state.link.at !== 'open') this.rig.open();
    for (let seconds = 0; seconds < 30; seconds += 5) {
      do this.transmit();
      while (this.receive());
      this.rig.pass(5_000);
    }
  }

  settle(): void {
    const { rig } = this;
    if (rig.take('lost').length > 0) {
      rig.sent();
      this.server.disconnect();
    }
    for (const { to, event } of rig.take('deliver')) {
      for (const name of to) if (this.#novelty.get(name)?.accepts(event)) this.got.get(name)?.push(event);
    }
    for (const { id: name } of rig.take('confirmed')) {
      const sub = rig.state.subs.get(name);
      if (sub?.cursor !== undefined && !this.promisedFrom.has(name)) {
        this.promisedFrom.set(name, Number(sub.cursor.slice(2)));
      }
    }
  }
}

describe('a client over any course of events', () => {
  it('hands on to each subscription all that it was promised, once and in order, and holds nothing else at the server', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), fc.boolean(), (operations, changes) => {
        const world = new World(changes);
        world.rig.open();
        for (const next of operations) world.run(next);
        world.quiesce();
        for (const sub of world.rig.state.subs.values()) {
          const from = world.promisedFrom.get(sub.id);
          expect(sub.phase).toBe('live');
          expect(from).toBeDefined();
          const promised = world.server.log
            .filter((event, index) => index >= (from ?? 0) && SimServer.matches(sub, event))
            .map((event) => event.id);
          const got = (world.got.get(sub.id) ?? []).map((event) => event.id);
          expect(new Set(got).size).toBe(got.length);
          const after = got.filter((event) => Number(event.slice(2)) > (from ?? 0));
          expect(after.filter((event) => promised.includes(event))).toEqual(promised);
        }
        const keys = new Set([...world.rig.state.subs.values()].map((sub) => sub.key));
        expect(world.server.held).toBe(keys.size);
      }),
      { numRuns: 1000 },
    );
  });

  it('always waits for something while it is not open, and never for something past', () => {
    const event = fc.oneof(
      fc
        .constantFrom<'connect' | 'online' | 'tick' | 'quiet'>('connect', 'online', 'tick', 'quiet')
        .map((type) => ({ type })),
      fc.record({ type: fc.constant('closed' as const), code: fc.constantFrom(1001, 1006, 1011, 4001, 4008, 4009) }),
      fc.record({ type: fc.constant('opened' as const) }),
      fc.record({ type: fc.constant('token' as const) }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(20_000)), { maxLength: 50, size: 'max' }), (course) => {
        const rig = new Rig();
        let asked: Extract<Effect, { type: 'token' }> | undefined;
        for (const [next, ms] of course) {
          rig.pass(ms);
          const { link } = rig.state;
          const socket = 'socket' in link ? link.socket : 0;
          asked = rig.take('token').at(-1) ?? asked;
          if (next.type === 'token') rig.do({ type: 'token', ticket: asked?.ticket ?? 0, token: 't' });
          else if (next.type === 'closed') rig.do({ ...next, socket });
          else if (next.type === 'opened') rig.do({ ...next, socket });
          else rig.do({ type: next.type });
          const { at } = rig.state.link;
          const due = deadline(rig.state);
          expect(due !== undefined).toBe(at !== 'idle' && at !== 'closed');
          if (due !== undefined) {
            const before = rig.state;
            rig.now = Math.max(rig.now, due);
            rig.do({ type: 'tick' });
            expect(rig.state).not.toBe(before);
          }
        }
      }),
    );
  });
});
