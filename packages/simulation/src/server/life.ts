import { createHash } from 'node:crypto';
import {
  type CallResponse,
  type ConnectionRecord,
  createEngine,
  type DueEvent,
  type Engine,
  type Ports,
  type RawCall,
} from '@aideals/core';
import { memoryDirectory, memoryLimiter, memorySchedule, memoryTurns } from '@aideals/core/memory';
import type { Mutation } from '../mutations/mutation.js';
import type { Link } from '../network.js';
import { Calls, StoreFault } from '../store/calls.js';
import { openStreams } from '../store/streams.js';
import { openTable } from '../store/table.js';
import type { World } from '../world.js';
import { slowDirectory } from './directory.js';
import { portTo, SimulatedGateway } from './gateway.js';
import { Outbox } from './outbox.js';
import { Session } from './session.js';
import { verifierOf } from './tokens.js';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const RETRY_MS = 10_000;
export const API_KEY = 'publisher-key';

/** One life of the server: from a start to the next crash. All that it holds in memory ends with it. */
export class Life {
  readonly gateway: SimulatedGateway;
  readonly sessions = new Map<string, Session>();
  readonly #world: World;
  readonly #calls: Calls;
  readonly #ports: Ports;
  readonly #schedule = memorySchedule(() => this.#ring());
  readonly #directory = memoryDirectory();
  readonly #turns = memoryTurns();
  readonly #limiter: ReturnType<typeof memoryLimiter>;
  readonly #mutation: Mutation | undefined;
  /** The steps at which the exchanges that still run have begun. */
  readonly #running = new Set<{ readonly since: number }>();
  #engine: Engine;

  constructor(world: World, segment: string) {
    const { random, profile, scheduler } = world;
    const clock = { now: () => world.now };
    this.#world = world;
    this.#mutation = world.mutation;
    this.#calls = new Calls(scheduler, random, profile, world.machine, this);
    this.#limiter = memoryLimiter(clock);
    const { streams, end } = openStreams(world.log, this.#calls, clock.now, segment);
    this.gateway = new SimulatedGateway(end);
    const ports: Ports = {
      clock,
      ids: world.ids,
      table: openTable(world.table, this.#calls, clock.now),
      streams,
      directory: profile.slowDirectory ? slowDirectory(this.#directory, this.#calls) : this.#directory,
      gateway: portTo(this.gateway, (answer) => (profile.slowGateway ? this.#calls.run(answer) : answer())),
      limiter: this.#limiter,
      schedule: this.#schedule,
      turns: this.#turns,
      telemetry: {
        event: (event) => {
          if (event.name === 'internal-error') this.#failed(event.where, event.error);
          if (event.name === 'order-broken') world.surprise('order-broken', event);
        },
        count: () => undefined,
        observe: () => undefined,
      },
      digest,
    };
    this.#ports = this.#mutation?.ports?.(ports, world.stage) ?? ports;
    this.#engine = this.#create();
    this.#schedule.set('trim', world.now, { kind: 'trim' });
    this.#schedule.set('sweep', world.now, { kind: 'sweep' });
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
    this.sessions.get(connectionId)?.frame(text);
  }

  /** The socket of a client is gone. */
  gone(connectionId: string): void {
    if (this.sessions.has(connectionId)) this.#deregister(connectionId);
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
    for (const event of this.#schedule.due(this.#world.now)) void this.#due(event);
  }

  /** What is kept in memory. */
  sizes(): Record<string, number> {
    const { topics, groups } = this.#directory.sizes();
    return {
      connections: this.#directory.count(),
      topics,
      groups,
      // Where a directory takes its time, a timer may be set for who has left meanwhile: it ends when it is due.
      schedule: this.#world.profile.slowDirectory ? 0 : this.#schedule.size(),
      turns: this.#turns.size(),
      limiter: this.#limiter.size(),
      outboxes: this.gateway.outboxes.size,
      sessions: this.sessions.size,
      exchanges: this.#running.size,
    };
  }

  /** What is set for a time that has passed comes at once. */
  #ring(): void {
    const { now, scheduler } = this.#world;
    if ((this.#schedule.next() ?? Number.POSITIVE_INFINITY) <= now) scheduler.next(() => this.tick(), this);
  }

  #create(): Engine {
    const world = this.#world;
    const engine = createEngine({
      ports: this.#ports,
      settings: world.profile.settings,
      verifier: verifierOf(() => world.now),
      apiKeys: [{ name: 'crawler', key: API_KEY, scopes: ['publish', 'admin'] }],
    });
    return this.#mutation?.engine?.(engine, world.stage) ?? engine;
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
    this.gateway.outboxes.set(link.id, outbox);
    const session = new Session(record, {
      engine: () => this.engine,
      ports: this.#ports,
      outbox,
      later: (run) => this.#calls.later(run),
      track: () => this.#track(),
      slept: (awake) => (forgetful ? JSON.parse(JSON.stringify(awake)) : awake),
      failed: (error) => this.#failed('session', error),
    });
    this.sessions.set(link.id, session);
    session.start();
  }

  #deregister(connectionId: string): void {
    this.sessions.get(connectionId)?.end();
    this.sessions.delete(connectionId);
    this.gateway.outboxes.delete(connectionId);
    const closed = this.engine.closed(connectionId);
    if (closed instanceof Promise) closed.catch((error: unknown) => this.#failed('closed', error));
  }

  async #due(event: DueEvent): Promise<void> {
    const ended = this.#track();
    try {
      const { connectionId, outcome } = await this.engine.due(event);
      if (connectionId !== undefined) await this.sessions.get(connectionId)?.apply(outcome);
    } catch (error) {
      this.#failed(event.kind, error);
      if (event.kind === 'trim' || event.kind === 'sweep') {
        this.#schedule.set(event.kind, this.#world.now + RETRY_MS, event);
      }
    } finally {
      ended();
    }
  }
}
