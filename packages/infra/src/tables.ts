import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, type TablePropsV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** Rows carry their expiry in `ttl`, in Unix seconds; reads do not wait until DynamoDB has deleted them. */
const kept = {
  billing: Billing.onDemand(),
  encryption: TableEncryptionV2.awsManagedKey(),
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  timeToLiveAttribute: 'ttl',
} satisfies Partial<TablePropsV2>;

/** What is only about connections that are open now: a deployment that ends takes it along. */
const passing = { ...kept, removalPolicy: RemovalPolicy.DESTROY };

/** What users were promised to find again outlives a stack that is deleted by mistake. */
const lasting = { ...kept, removalPolicy: RemovalPolicy.RETAIN, deletionProtection: true };

const pkAndSk = { partitionKey: text('pk'), sortKey: text('sk') };

/** The three tables, under the names that settings have by default. */
export class Tables extends Construct {
  /** Open connections. `UserIdIndex` is for operators: nothing that must be right reads an index. */
  readonly connections: TableV2;
  /** Who asked for what, by topic, filter and shard. */
  readonly subscriptions: TableV2;
  /** All else: messages, notifications, mailboxes, the log, timers. */
  readonly aideals: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.connections = new TableV2(this, 'Connections', {
      ...passing,
      tableName: 'WebSocketConnections',
      partitionKey: text('connectionId'),
      globalSecondaryIndexes: [{ indexName: 'UserIdIndex', partitionKey: text('userId') }],
    });
    this.subscriptions = new TableV2(this, 'Subscriptions', {
      ...passing,
      tableName: 'WebSocketSubscriptions',
      ...pkAndSk,
    });
    this.aideals = new TableV2(this, 'Aideals', { ...lasting, tableName: 'Aideals', ...pkAndSk });
  }
}
