import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Where the numbers are found in CloudWatch, with the dimensions `service` and `stage`. */
export const NAMESPACE = 'aideals';
const SERVICE = 'aideals';

/** One sample of a metric has so many values at most. */
const VALUES = 100;

/**
 * What a function measures, written to its log as embedded metrics when an invocation ends: `MessageCount` (frames either
 * way), `MessageLatency` and `ConnectionDuration` (milliseconds), `ErrorRate` (per cent: 100 for an invocation that met a
 * fault, else 0), `ConnectionCount` and `fanoutEtaSeconds`.
 */
export class Meter {
  readonly #metrics: Metrics;
  #messages = 0;
  #durations: number[] = [];
  #hasFailed = false;

  constructor(stage: string) {
    this.#metrics = new Metrics({
      namespace: NAMESPACE,
      serviceName: SERVICE,
      defaultDimensions: { stage },
    });
  }

  messages(n: number): void {
    this.#messages += n;
  }

  failed(): void {
    this.#hasFailed = true;
  }

  /** A connection was open for so many milliseconds. */
  closed(ms: number): void {
    if (this.#durations.length < VALUES) this.#durations.push(Math.max(0, ms));
  }

  /** Milliseconds from when API Gateway had a message until all that came of it was sent. */
  latency(ms: number): void {
    this.#metrics.addMetric('MessageLatency', MetricUnit.Milliseconds, Math.max(0, ms));
  }

  connections(count: number): void {
    this.#metrics.addMetric('ConnectionCount', MetricUnit.Count, count);
  }

  fanoutEta(seconds: number): void {
    this.#metrics.addMetric('fanoutEtaSeconds', MetricUnit.Seconds, seconds);
  }

  /** Writes what an invocation measured: to be called when it ends, however it does. */
  publish(): void {
    if (this.#messages > 0) this.#metrics.addMetric('MessageCount', MetricUnit.Count, this.#messages);
    for (const ms of this.#durations) {
      this.#metrics.addMetric('ConnectionDuration', MetricUnit.Milliseconds, ms);
    }
    this.#metrics.addMetric('ErrorRate', MetricUnit.Percent, this.#hasFailed ? 100 : 0);
    this.#metrics.publishStoredMetrics();
    this.#messages = 0;
    this.#durations = [];
    this.#hasFailed = false;
  }
}
