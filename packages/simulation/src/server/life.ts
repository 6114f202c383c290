import {
  type CallResponse,
  type ConnectionRecord,
  createEngine,
  type DueEvent,
  type Engine,
  type RawCall,
} from '@aideals/core';
import type { Link } from '../network.js';
import { Calls, StoreFault } from '../store/calls.js';
import type { World } from '../world.js';
import { Outbox } from './outbox.js';
import { portsOf } from './ports.js';
import { Session } from './session.js';
import { verifierOf } from './tokens.js';

const RETRY_MS = 10_000;
const API_KEY = 'publisher-key';

/** One life of the server: from a start to the next crash. All that it holds in memory ends with it. */
export class Life {
  readonly #world: World;
  readonly #calls: Calls;
  readonly #made: ReturnType<typeof portsOf>;
  readonly #sessions = new Map<string, Session>();
  /** The steps at which the exchanges that still run have begun. */
  readonly #running = new Set<{ readonly since: number }>();
  #engine: Engine;

  constructor(world: World, segment: string) {
    this.#world = world;
    this.#calls = new Calls(world.scheduler, world.random, world.profile, world.machine, this);
    this.#made = portsOf(world, {
      calls: this.#calls,
      segment,
      rescheduled: () => this.#ring(),
      failed: (where, error) => this.#failed(where, error),
    });
    this.#engine = this.#create();
    const { schedule } = this.#made;
    schedule.set('trim', world.now, { kind: 'trim' });
    schedule.set('sweep', world.now, { kind: 'sweep' });
  }

  /** The step at which the oldest exchange that still runs has begun; the present one where none does. */
  get since(): number {
    for (const { since } of this.#running) return since;
    return this.#world.scheduler.count;
  }

  get engine(): Engine {
    if (this.#world.profile.forgetful) this.#engine = this.#create();
    return this.#engine;
  }

  /** An upgrade has arrived. */
  async open(link: Link, token: string, client: string | undefined): Promise<void> {
    const ended = this.#track();
    try {
      const opening = await this.engine.open({ connectionId: link.id, token, client, ip: '127.0.0.1' });
      if (!opening.accepted) link.refused(opening.status);
      else if (link.isGone) await this.engine.closed(link.id);
      else this.#accept(link, opening.record);
    } catch (error) {
      this.#failed('open', error);
      link.refused(500);
    } finally {
      ended();
    }
  }

  frame(connectionId: string, text: string): void {
    this.#sessions.get(connectionId)?.frame(text);
  }

  /** The socket of a client is gone. */
  gone(connectionId: string): void {
    if (this.#sessions.has(connectionId)) this.#deregister(connectionId);
  }

  async call(raw: RawCall): Promise<CallResponse> {
    const ended = this.#track();
    try {
      return await this.engine.call({ bearer: undefined, apiKey: API_KEY, ip: '127.0.0.1' }, raw);
    } catch (error) {
      this.#failed(raw.call, error);
      return { status: 500, body: undefined };
    } finally {
      ended();
    }
  }

  /** Runs what is due by the clock. */
  tick(): void {
    for (const event of this.#made.schedule.due(this.#world.now)) void this.#due(event);
  }

  /** What is kept in memory. */
  sizes(): Record<string, number> {
    return { ...this.#made.sizes(), sessions: this.#sessions.size, exchanges: this.#running.size };
  }

  /** What is set for a time that has passed comes at once. */
  #ring(): void {
    const { now, scheduler } = this.#world;
    if ((this.#made.schedule.next() ?? Number.POSITIVE_INFINITY) <= now) scheduler.next(() => this.tick(), this);
  }

  #create(): Engine {
    const world = this.#world;
    const engine = createEngine({
      ports: this.#made.ports,
      settings: world.profile.settings,
      verifier: verifierOf(() => world.now),
      apiKeys: [{ name: 'crawler', key: API_KEY, scopes: ['publish', 'admin'] }],
    });
    return world.mutation?.engine?.(engine, world.stage) ?? engine;
  }

  #track(): () => void {
    const exchange = { since: this.#world.scheduler.count };
    this.#running.add(exchange);
    return () => this.#running.delete(exchange);
  }

  #failed(where: string, error: unknown): void {
    if (!(error instanceof StoreFault)) this.#world.surprise(where, error);
  }

  #accept(link: Link, record: ConnectionRecord): void {
    const { settings, heldBytes, forgetful } = this.#world.profile;
    const { outboxSoftBytes: softBytes, outboxHardBytes: hardBytes } = settings.limits;
    const outbox = new Outbox(
      {
        ready: () => link.ready(),
        taken: (wire) => this.#world.see({ kind: 'taken', conn: link.id, wire, since: this.since }),
        closing: (code) => {
          link.closing(code);
          this.#deregister(link.id);
        },
      },
      { softBytes, hardBytes, heldBytes },
    );
    link.accepted(outbox);
    this.#made.gateway.outboxes.set(link.id, outbox);
    const session = new Session(record, {
      engine: () => this.engine,
      ports: this.#made.ports,
      outbox,
      later: (run) => this.#calls.later(run),
      track: () => this.#track(),
      slept: (awake) => (forgetful ? JSON.parse(JSON.stringify(awake)) : awake),
      failed: (error) => this.#failed('session', error),
    });
    this.#sessions.set(link.id, session);
    session.start();
  }

  #deregister(connectionId: string): void {
    this.#sessions.get(connectionId)?.end();
    this.#sessions.delete(connectionId);
    this.#made.gateway.outboxes.delete(connectionId);
    const closed = this.engine.closed(connectionId);
    if (closed instanceof Promise) closed.catch((error: unknown) => this.#failed('closed', error));
  }

  async #due(event: DueEvent): Promise<void> {
    const ended = this.#track();
    try {
      const { connectionId, outcome } = await this.engine.due(event);
      if (connectionId !== undefined) await this.#sessions.get(connectionId)?.apply(outcome);
    } catch (error) {
      this.#failed(event.kind, error);
      if (event.kind === 'trim' || event.kind === 'sweep') {
        this.#made.schedule.set(event.kind, this.#world.now + RETRY_MS, event);
      }
    } finally {
      ended();
    }
  }
}
