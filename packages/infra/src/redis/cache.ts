import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache, CfnUser, CfnUserGroup } from 'aws-cdk-lib/aws-elasticache';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import type { Network } from './network.js';

export interface CacheProps {
  readonly namePrefix: string;
  readonly network: Network;
  readonly encryptionKey: IKey;
}

/** GB, and ElastiCache processing units a second: the most that it can cost. */
const MOST = { gigabytes: 5, unitsPerSecond: 50_000 };
/** Two ports: one for all, one for reads alone. */
const FIRST_PORT = 6379;
const LAST_PORT = 6380;

/** Publishers put events on `aideals:<topic>`; nothing else is theirs. */
const ACCESS = 'on ~aideals* &aideals:* +@all -@admin -@dangerous';

/** Valkey, serverless, under TLS and a password, in a network of its own. */
export class Cache extends Construct {
  readonly userName: string;
  readonly password: ISecret;
  readonly host: string;
  readonly port: string;

  constructor(scope: Construct, id: string, { namePrefix, network, encryptionKey }: CacheProps) {
    super(scope, id);
    const name = `${namePrefix}aideals`;
    this.userName = name;
    const password = new Secret(this, 'redis-password', {
      secretName: `${namePrefix}aideals/redis-password`,
      description: 'The password of the user aideals on Valkey',
      encryptionKey,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.password = password as ISecret;
    acknowledge(
      password,
      'SMG4',
      'Publishers have it too, and have to be given the new one first: Valkey takes two at once, and docs/aws.md has the steps.',
    );
    const user = new CfnUser(this, 'User', {
      engine: 'valkey',
      userId: name,
      userName: name,
      accessString: ACCESS,
      authenticationMode: {
        Type: 'password',
        Passwords: [`{{resolve:secretsmanager:${password.cfnDynamicReferenceKey()}}}`],
      },
    });
    const users = new CfnUserGroup(this, 'Users', { engine: 'valkey', userGroupId: name, userIds: [user.ref] });
    users.addResourceDependency(user);
    const group = new SecurityGroup(this, 'Group', {
      vpc: network.vpc,
      description: 'Valkey',
      allowAllOutbound: false,
    });
    const ports = Port.tcpRange(FIRST_PORT, LAST_PORT);
    group.addIngressRule(network.askers, ports, 'Those who may ask');
    network.askers.addEgressRule(group, ports, 'Valkey');
    const cache = new CfnServerlessCache(this, 'Cache', {
      serverlessCacheName: name,
      description: 'What is published on Redis, for the bridge',
      engine: 'valkey',
      majorEngineVersion: '8',
      userGroupId: users.ref,
      securityGroupIds: [group.securityGroupId],
      subnetIds: network.vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
      kmsKeyId: encryptionKey.keyArn,
      cacheUsageLimits: {
        dataStorage: { maximum: MOST.gigabytes, unit: 'GB' },
        ecpuPerSecond: { maximum: MOST.unitsPerSecond },
      },
    });
    this.host = cache.attrEndpointAddress;
    this.port = Fn.join('', [cache.attrEndpointPort]);
  }
}
