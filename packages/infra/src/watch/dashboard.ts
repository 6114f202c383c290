import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Tables } from '../data/tables.js';
import { METRICS, measured } from './metrics.js';

export interface DashboardProps {
  readonly name: string;
  readonly stage: string;
  readonly alarms: readonly IAlarm[];
  readonly functions: readonly IFunction[];
  readonly tables: Tables;
}

const MINUTE = { period: Duration.minutes(1) };

const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []): GraphWidget =>
  new GraphWidget({ title, width: 8, height: 6, left: [...left], right: [...right] });

/** One page for who is woken: alarms first, then what users feel, then what may be the cause. */
export const dashboard = (scope: Construct, { name, stage, alarms, functions, tables }: DashboardProps): Dashboard => {
  const of = (metric: (typeof METRICS)[keyof typeof METRICS], statistic: string) => measured(stage, metric, statistic);
  const page = new Dashboard(scope, 'Dashboard', { dashboardName: name });
  page.addWidgets(
    new AlarmStatusWidget({ title: 'Alarms', width: 16, height: 4, alarms: [...alarms] }),
    new SingleValueWidget({
      title: 'Open now',
      width: 8,
      height: 4,
      metrics: [of(METRICS.connectionCount, 'Maximum')],
    }),
  );
  page.addWidgets(
    graph('Connections', [of(METRICS.connectionCount, 'Maximum')]),
    graph('Messages a minute', [of(METRICS.messageCount, 'Sum')]),
    graph('Latency of a message, ms', [of(METRICS.messageLatency, 'p50'), of(METRICS.messageLatency, 'p99')]),
  );
  page.addWidgets(
    graph('Faults, per cent of invocations', [of(METRICS.errorRate, 'Average')]),
    graph('How long connections were open, ms', [
      of(METRICS.connectionDuration, 'p50'),
      of(METRICS.connectionDuration, 'p99'),
    ]),
    graph('Waiting to be sent, seconds', [of(METRICS.fanoutEta, 'Maximum')]),
  );
  page.addWidgets(
    graph(
      'Invocations',
      functions.map((each) => each.metricInvocations(MINUTE)),
    ),
    graph(
      'At once',
      functions.map((each) => each.metric('ConcurrentExecutions', { ...MINUTE, statistic: 'Maximum' })),
      functions.map((each) => each.metricThrottles(MINUTE)),
    ),
    graph(
      'DynamoDB refused',
      [tables.aideals, tables.subscriptions, tables.connections].flatMap((table) =>
        ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) =>
          table.metric(name, { ...MINUTE, statistic: 'Sum' }),
        ),
      ),
    ),
  );
  return page;
};
