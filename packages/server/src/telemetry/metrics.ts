import type { TelemetryCounts, TelemetryObservations } from '@aideals/core';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { OutboxSettings } from '../socket/outbox.js';
import { Tallies } from './tallies.js';

type CountName = keyof TelemetryCounts;
type ObservedName = keyof TelemetryObservations;

const counts: {
  readonly [N in CountName]: readonly [help: string, labels: readonly (keyof TelemetryCounts[N] & string)[]];
} = {
  frames: ['Frames of clients, by action and outcome.', ['action', 'outcome']],
  published: ['Events given out, by topic: each process counts those that its connections may want.', ['topic']],
  deliveries: ['Frames given to outboxes, by kind.', ['kind']],
  refused: ['Frames and calls refused, by the step that refused them.', ['step']],
  relayed: ['What came from other nodes, and what had to be read because it did not come.', ['what']],
};

const observed: {
  readonly [N in ObservedName]: readonly [name: string, help: string, label: string, buckets: readonly number[]];
} = {
  exchange: [
    'exchange_seconds',
    'From the arrival of a frame to its outcome, by action.',
    'action',
    [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  ],
  fanout: ['fanout_receivers', 'Receivers of one event, by kind.', 'kind', [0, 1, 10, 100, 1_000, 10_000, 100_000]],
};

let ofProcess: Registry | undefined;

/**
 * Memory, CPU, event loop: of the process, however many servers it runs. Begun at the first look: to watch the event loop
 * wakes it a hundred times a second.
 */
const processRegistry = (): Registry => {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
};

/** What a process counts, as it goes to another one that adds it up. */
export type Counted = readonly object[];

/** Of the process alone. */
export const countedOfProcess = (): Promise<Counted> => processRegistry().getMetricsAsJSON();

/** As a number of processes that are one server have it together: some of it is the sum, some of it all of them know alike. */
export const addedUp = async (all: readonly Counted[]): Promise<MetricsText> => {
  const registry = AggregatorRegistry.aggregate([...all]);
  return { type: registry.contentType, text: await registry.metrics() };
};

export interface MetricsText {
  readonly type: string;
  readonly text: string;
}

/** How the values of several processes become one: most are parts of a whole, some are the same in each. */
type Aggregator = 'sum' | 'max';

export interface Gauges {
  readonly connections: () => number;
  readonly given: () => number;
  /** Nodes that are known to live, this one too. */
  readonly nodes: () => number;
  /** Of the store: flushes to the disk, and rows written or removed by them. */
  readonly stored: () => { readonly flushes: number; readonly writes: number };
}

/** What a server counts, in the form of Prometheus. Names begin with `aideals_`. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #tallies: { readonly [N in CountName]: Tallies };
  readonly #observed: { readonly [N in ObservedName]: Histogram<string> };
  readonly #closes = new Tallies();
  readonly #http: Histogram<'method' | 'route' | 'status'>;

  constructor(outboxes: OutboxSettings['counters'], gauges: Gauges) {
    this.#tallies = {
      frames: this.#tally('frames', ...counts.frames),
      published: this.#tally('published', ...counts.published),
      deliveries: this.#tally('deliveries', ...counts.deliveries),
      refused: this.#tally('refused', ...counts.refused),
      relayed: this.#tally('relayed', ...counts.relayed),
    };
    this.#observed = { exchange: this.#histogram('exchange'), fanout: this.#histogram('fanout') };
    this.#closes = this.#tally('closes', 'Connections closed, by code.', ['code']);
    this.#http = new Histogram({
      name: 'aideals_http_seconds',
      help: 'HTTP requests, by method, route and status.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers: [this.#registry],
    });
    this.#total('outbox_frames', 'Messages written to sockets; several may share a frame.', () => outboxes.frames);
    this.#total('outbox_bytes', 'Bytes written to sockets.', () => outboxes.bytes);
    this.#total('outbox_writes', 'Writes to sockets.', () => outboxes.writes);
    this.#total('conflated', 'Frames that made room for a newer one of the same key.', () => outboxes.conflated);
    this.#total('store_flushes', 'Flushes of the store to its disk.', () => gauges.stored().flushes, 'max');
    this.#total('store_writes', 'Rows that these flushes wrote or removed.', () => gauges.stored().writes, 'max');
    this.#gauge('connections', 'Open connections.', gauges.connections);
    this.#gauge('nodes', 'Nodes of the cluster that are known to live.', gauges.nodes, 'max');
    this.#gauge('log_given', 'The last offset of the log that was given out.', gauges.given, 'max');
  }

  count<N extends CountName>(name: N, labels: TelemetryCounts[N], n: number): void {
    this.#tallies[name].add(labels, n);
  }

  observe<N extends ObservedName>(name: N, labels: TelemetryObservations[N], value: number): void {
    this.#observed[name].observe(labels, value);
  }

  closed(code: number): void {
    this.#closes.add({ code: String(code) }, 1);
  }

  answered(method: string, route: string, status: number, seconds: number): void {
    this.#http.observe({ method, route, status }, seconds);
  }

  async counted(): Promise<Counted> {
    return [...(await countedOfProcess()), ...(await this.#registry.getMetricsAsJSON())];
  }

  async read(): Promise<MetricsText> {
    const all = Registry.merge([processRegistry(), this.#registry]);
    return { type: all.contentType, text: await all.metrics() };
  }

  #tally(name: string, help: string, labelNames: readonly string[]): Tallies {
    const tallies = new Tallies();
    new Counter({
      name: `aideals_${name}_total`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of tallies) this.inc(labels, value);
      },
    });
    return tallies;
  }

  #histogram(name: ObservedName): Histogram<string> {
    const [metric, help, label, buckets] = observed[name];
    return new Histogram({
      name: `aideals_${metric}`,
      help,
      labelNames: [label],
      buckets: [...buckets],
      registers: [this.#registry],
    });
  }

  #total(name: string, help: string, value: () => number, aggregator: Aggregator = 'sum'): void {
    new Counter({
      name: `aideals_${name}_total`,
      help,
      aggregator,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  }

  #gauge(name: string, help: string, value: () => number, aggregator: Aggregator = 'sum'): void {
    new Gauge({
      name: `aideals_${name}`,
      help,
      aggregator,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }
}
