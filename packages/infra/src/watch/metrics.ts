import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';

/** As the functions write them: see `Meter` of `@aideals/lambda`. */
export const NAMESPACE = 'aideals';
const SERVICE = 'aideals';

/** What the functions measure, in the words of the guide, and what waits to be sent. */
export const METRICS = {
  /** A gauge, told by each sweep. */
  connectionCount: 'ConnectionCount',
  /** Frames either way. */
  messageCount: 'MessageCount',
  /** Milliseconds that a connection was open, when it has ended. */
  connectionDuration: 'ConnectionDuration',
  /** Per cent: 100 or 0 for each invocation. */
  errorRate: 'ErrorRate',
  /** Milliseconds. */
  messageLatency: 'MessageLatency',
  /** Seconds until what is queued is sent. */
  fanoutEta: 'fanoutEtaSeconds',
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];

/** Of one stage. `statistic` is one of CloudWatch: `Maximum`, `Sum`, `p99`. */
export const measured = (
  stage: string,
  metricName: MetricName,
  statistic: string,
  period = Duration.minutes(1),
): Metric =>
  new Metric({ namespace: NAMESPACE, metricName, dimensionsMap: { service: SERVICE, stage }, statistic, period });
