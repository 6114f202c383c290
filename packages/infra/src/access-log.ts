import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** What both kinds of API tell of a request. No path with its query, no header and no body: these hold tokens. */
const COMMON = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTimeEpoch',
  sourceIp: '$context.identity.sourceIp',
  routeKey: '$context.routeKey',
  status: '$context.status',
  error: '$context.error.messageString',
  integrationStatus: '$context.integration.status',
  integrationError: '$context.integrationErrorMessage',
  integrationLatency: '$context.integrationLatency',
};

const ONLY = {
  webSocket: { connectionId: '$context.connectionId', eventType: '$context.eventType' },
  http: { method: '$context.httpMethod', responseLength: '$context.responseLength' },
};

export interface AccessLog {
  readonly group: LogGroup;
  /** A line of JSON. */
  readonly format: string;
}

/** Names of log groups for API Gateway begin so: its resource policy has to name few. */
export const accessLog = (
  scope: Construct,
  kind: keyof typeof ONLY,
  props: { readonly apiName: string; readonly retention: RetentionDays },
): AccessLog => ({
  group: new LogGroup(scope, 'AccessLog', {
    logGroupName: `/aws/vendedlogs/${props.apiName}`,
    retention: props.retention,
    removalPolicy: RemovalPolicy.DESTROY,
  }),
  format: JSON.stringify({ ...COMMON, ...ONLY[kind] }),
});
