import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { FunctionName } from '../functions/names.js';
import type { Settings } from '../settings/settings.js';
import { METRICS, measured } from './metrics.js';

export interface AlarmFacts {
  readonly name: string;
  /** What it means, and what to look at first. */
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly operator?: ComparisonOperator;
  readonly periods: number;
  /** How many of the periods have to be over; all where it is left out. */
  readonly of?: number;
  readonly missing?: TreatMissingData;
}

export interface AlarmsProps {
  readonly settings: Pick<Settings, 'stage' | 'maxConnections'>;
  readonly functions: Readonly<Record<FunctionName, { readonly lambda: IFunction }>>;
  readonly failedBroadcasts: IQueue;
}

const FIVE_MINUTES = Duration.minutes(5);
/** Of the connections that are allowed, as the guide has it: 8,000 of 10,000. */
const APPROACHING = 0.8;

const throttled = (name: FunctionName, lambda: IFunction): AlarmFacts => ({
  name: `Throttled-${name}`,
  description: `${name} is at its concurrency: raise it (context concurrency), or the account's`,
  metric: lambda.metricThrottles({ period: Duration.minutes(1), statistic: 'Sum' }),
  threshold: 0,
  periods: 2,
});

/** What an operator is woken for: each alarm says what it means. */
export const alarmsOf = ({ settings, functions, failedBroadcasts }: AlarmsProps): readonly AlarmFacts[] => {
  const { stage, maxConnections } = settings;
  const of = (name: (typeof METRICS)[keyof typeof METRICS], statistic: string, period?: Duration) =>
    measured(stage, name, statistic, period);
  return [
    {
      name: 'WebSocketConnectionLimitApproaching',
      description: `Over ${APPROACHING * 100} % of the ${maxConnections} connections that are allowed (context maxConnections)`,
      metric: of(METRICS.connectionCount, 'Maximum'),
      threshold: Math.floor(maxConnections * APPROACHING),
      periods: 1,
    },
    {
      name: 'WebSocketMessagesStopped',
      description:
        'Connections are open and no frame went either way for ten minutes: look at $default, and at who publishes',
      // What is not measured is no zero: a count of nothing is not written, and must count as nothing here.
      metric: new MathExpression({
        expression: 'IF(FILL(connections, 0) > 0, FILL(messages, 0), 1)',
        usingMetrics: {
          connections: of(METRICS.connectionCount, 'Maximum', FIVE_MINUTES),
          messages: of(METRICS.messageCount, 'Sum', FIVE_MINUTES),
        },
        period: FIVE_MINUTES,
        label: 'Messages while connections are open',
      }),
      threshold: 1,
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: 2,
    },
    {
      name: 'WebSocketConnectionsShort',
      description:
        'Half of all connections end within 10 seconds: clients that are let in and thrown out again and again, or a network that breaks them',
      metric: of(METRICS.connectionDuration, 'p50', FIVE_MINUTES),
      threshold: 10_000,
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: 3,
    },
    {
      name: 'WebSocketErrorRateHigh',
      description: 'Over 1 % of invocations met a fault: each is in the log of its function, under its errorId',
      metric: of(METRICS.errorRate, 'Average', FIVE_MINUTES),
      threshold: 1,
      periods: 3,
      of: 2,
    },
    {
      name: 'WebSocketMessageLatencyHigh',
      description:
        'One message of a hundred takes over a second: cold starts, DynamoDB that throttles, or a fan-out in a frame',
      metric: of(METRICS.messageLatency, 'p99', FIVE_MINUTES),
      threshold: 1_000,
      periods: 3,
      of: 2,
    },
    {
      name: 'WebSocketFanOutBehind',
      description:
        'What is published waits over 30 seconds for the quota of @connections: ask AWS for more, or publish less',
      metric: of(METRICS.fanoutEta, 'Maximum'),
      threshold: 30,
      periods: 3,
    },
    {
      name: 'WebSocketBroadcastFailed',
      description:
        'Events that broadcast had taken failed three times: they lie in the queue, to be looked at and invoked anew',
      metric: failedBroadcasts.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      threshold: 0,
      periods: 1,
    },
    {
      name: 'WebSocketSweepStopped',
      description:
        'No sweep for five minutes: tokens do not end, and connections that left unheard are counted and sent to',
      metric: functions['aideals-sweep'].lambda.metricInvocations({ period: FIVE_MINUTES, statistic: 'Sum' }),
      threshold: 1,
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: 1,
      missing: TreatMissingData.BREACHING,
    },
    ...Object.entries(functions).map(([name, { lambda }]) => throttled(name as FunctionName, lambda)),
  ];
};
