import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  Capacity,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { Settings } from '../settings/settings.js';

export type TablesProps = Pick<Settings, 'namePrefix' | 'capacity' | 'capacityMin' | 'capacityMax'>;

const text = (name: string) => ({ name, type: AttributeType.STRING });

const pkAndSk = { partitionKey: text('pk'), sortKey: text('sk') };

/** Of what is used at most. */
const TARGET_PERCENT = 70;

/** Rows carry their expiry in `ttl`, in Unix seconds; reads do not wait until DynamoDB has deleted them. */
const kept = ({ capacity, capacityMin, capacityMax }: TablesProps): Partial<TablePropsV2> => {
  const scaled = () =>
    Capacity.autoscaled({
      minCapacity: capacityMin,
      maxCapacity: capacityMax,
      targetUtilizationPercent: TARGET_PERCENT,
    });
  return {
    billing:
      capacity === 'onDemand'
        ? Billing.onDemand()
        : Billing.provisioned({ readCapacity: scaled(), writeCapacity: scaled() }),
    encryption: TableEncryptionV2.awsManagedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: 'ttl',
  };
};

/** What is only about connections that are open now: a deployment that ends takes it along. */
const passing = { removalPolicy: RemovalPolicy.DESTROY };

/** What users were promised to find again outlives a stack that is deleted by mistake. */
const lasting = { removalPolicy: RemovalPolicy.RETAIN, deletionProtection: true };

/** The three tables. Without a prefix they have the names that settings have by default. */
export class Tables extends Construct {
  /** Open connections. `UserIdIndex` is for operators: nothing that must be right reads an index. */
  readonly connections: TableV2;
  /** Who asked for what, by topic, filter and shard. */
  readonly subscriptions: TableV2;
  /** All else: messages, notifications, mailboxes, the log, timers. */
  readonly aideals: TableV2;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    const { namePrefix } = props;
    const common = kept(props);
    this.connections = new TableV2(this, 'Connections', {
      ...common,
      ...passing,
      tableName: `${namePrefix}WebSocketConnections`,
      partitionKey: text('connectionId'),
      globalSecondaryIndexes: [{ indexName: 'UserIdIndex', partitionKey: text('userId') }],
    });
    this.subscriptions = new TableV2(this, 'Subscriptions', {
      ...common,
      ...passing,
      tableName: `${namePrefix}WebSocketSubscriptions`,
      ...pkAndSk,
    });
    this.aideals = new TableV2(this, 'Aideals', {
      ...common,
      ...lasting,
      tableName: `${namePrefix}Aideals`,
      ...pkAndSk,
    });
  }
}
