import type { Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Tables } from '../data/tables.js';
import type { FunctionFacts } from './catalogue.js';

export interface Granted {
  readonly facts: FunctionFacts;
  readonly stack: Stack;
  /** The names that the functions have in the account. */
  readonly names: { readonly self: string; readonly broadcast: string };
  readonly logGroup: LogGroup;
  readonly tables: Tables;
  readonly apiId: string;
  readonly stage: string;
  /** Whether it is in a network, and so has to have an interface there. */
  readonly isInside: boolean;
  /** Of the key under which the function's environment is encrypted. */
  readonly keyArn: string;
}

/** What Lambda asks of a role before it puts a function into a network. */
const INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

const allow = (sid: string, actions: readonly string[], resources: readonly string[]): PolicyStatement =>
  new PolicyStatement({ sid, actions: [...actions], resources: [...resources] });

const onTable = (sid: string, table: TableV2, actions: readonly string[]): readonly PolicyStatement[] =>
  actions.length === 0
    ? []
    : [
        allow(
          sid,
          actions.map((action) => `dynamodb:${action}`),
          [table.tableArn],
        ),
      ];

/** What a function may do, in the words of IAM. Its role has this, and the leave to trace, and nothing else. */
export const statementsOf = (granted: Granted): readonly PolicyStatement[] => {
  const { facts, stack, names, logGroup, tables, apiId, stage, keyArn, isInside } = granted;
  const connections = (method: string): string =>
    stack.formatArn({ service: 'execute-api', resource: apiId, resourceName: `${stage}/${method}/@connections/*` });
  // By name: a function that its own role named by reference would wait for itself.
  const functionArn = (name: string): string => stack.formatArn({ service: 'lambda', resource: `function:${name}` });
  const started = [...new Set(facts.starts.map((which) => names[which]))].map(functionArn);
  return [
    allow('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
    allow('Environment', ['kms:Decrypt'], [keyArn]),
    ...onTable('Aideals', tables.aideals, facts.tables.aideals),
    ...onTable('Connections', tables.connections, facts.tables.connections),
    ...onTable('Subscriptions', tables.subscriptions, facts.tables.subscriptions),
    ...(isInside ? [allow('Network', INTERFACES, ['*'])] : []),
    ...(facts.reaches
      ? [allow('Reach', ['execute-api:ManageConnections'], ['POST', 'GET', 'DELETE'].map(connections))]
      : []),
    ...(started.length > 0 ? [allow('Start', ['lambda:InvokeFunction'], started)] : []),
  ];
};
