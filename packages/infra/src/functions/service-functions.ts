import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import type { Tables } from '../data/tables.js';
import type { Cache } from '../redis/cache.js';
import type { Network } from '../redis/network.js';
import type { Settings } from '../settings/settings.js';
import type { TokenKeys } from '../tokens/token-keys.js';
import { catalogue } from './catalogue.js';
import { environmentOf } from './environment.js';
import { type FunctionName, functionNames } from './names.js';
import { ServiceFunction } from './service-function.js';

export interface ServiceFunctionsProps {
  readonly settings: Settings;
  readonly tables: Tables;
  readonly apiId: string;
  readonly tokenKeys: TokenKeys;
  readonly encryptionKey: IKey;
  readonly bundles: string;
  /** Where the log and the limits are, if not on DynamoDB. */
  readonly redis?: { readonly network: Network; readonly cache: Cache } | undefined;
}

/** All functions of a deployment. */
export class ServiceFunctions extends Construct {
  readonly byName: Readonly<Record<FunctionName, ServiceFunction>>;
  /** Events for `broadcast` that were taken (202) and failed three times. */
  readonly failedBroadcasts: Queue;

  constructor(scope: Construct, id: string, props: ServiceFunctionsProps) {
    super(scope, id);
    const { settings, tables, apiId, encryptionKey, bundles, redis } = props;
    const { namePrefix, stage } = settings;
    this.failedBroadcasts = new Queue(this, 'FailedBroadcasts', {
      queueName: `${namePrefix}aideals-broadcast-failed`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this.failedBroadcasts,
      'SQS3',
      'It is itself where what failed ends up; an alarm says when it holds something.',
    );
    const environment = environmentOf({ ...props, cache: redis?.cache });
    const make = (name: FunctionName): ServiceFunction =>
      new ServiceFunction(this, name, {
        ...{ name, namePrefix, stage, apiId, tables, bundles, encryptionKey },
        environment: environment(name),
        logRetention: settings.logRetentionDays,
        concurrency: settings.reservedConcurrency
          ? (settings.concurrency[name] ?? catalogue[name].concurrency)
          : settings.concurrency[name],
        ...(redis === undefined ? {} : { network: redis.network }),
        ...(name === 'broadcast' ? { failed: this.failedBroadcasts } : {}),
      });
    this.byName = Object.fromEntries(functionNames.map((name) => [name, make(name)])) as Record<
      FunctionName,
      ServiceFunction
    >;
  }
}
