import { RemovalPolicy } from 'aws-cdk-lib';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  CfnParameterGroup,
  CfnReplicationGroup,
  CfnSubnetGroup,
  CfnUser,
  CfnUserGroup,
} from 'aws-cdk-lib/aws-elasticache';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import type { Network } from './network.js';

export interface CacheProps {
  readonly namePrefix: string;
  readonly nodeType: string;
  readonly network: Network;
  readonly encryptionKey: IKey;
}

const PORT = 6_380;

/**
 * Keys and channels of ours, and what publishers put on `aideals:<topic>`: a pattern is subscribed to only where it stands here
 * as it is. The log reads the server's run id by INFO, to tell a restart and a fail-over; the bridge asks for its role.
 */
const ACCESS = 'on ~aideals* &aideals* &aideals:* +@all -@admin -@dangerous +info +role';

/**
 * Valkey on two nodes in two zones, under TLS and a password. Not the serverless kind: that has no one server whose run id
 * would tell that what it had not copied was lost.
 */
export class Cache extends Construct {
  readonly userName: string;
  readonly password: ISecret;
  readonly host: string;
  readonly port = String(PORT);
  /** Variables of those who ask it, but for the password. */
  readonly environment: Readonly<Record<string, string>>;
  /** The password by reference, to be resolved by CloudFormation. */
  readonly passwordReference: string;

  constructor(scope: Construct, id: string, { namePrefix, nodeType, network, encryptionKey }: CacheProps) {
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
    this.passwordReference = `{{resolve:secretsmanager:${password.cfnDynamicReferenceKey()}}}`;
    const user = new CfnUser(this, 'User', {
      engine: 'valkey',
      userId: name,
      userName: name,
      accessString: ACCESS,
      authenticationMode: { Type: 'password', Passwords: [this.passwordReference] },
    });
    const users = new CfnUserGroup(this, 'Users', { engine: 'valkey', userGroupId: name, userIds: [user.ref] });
    const group = new SecurityGroup(this, 'Group', {
      vpc: network.vpc,
      description: 'Valkey',
      allowAllOutbound: false,
    });
    group.addIngressRule(network.askers, Port.tcp(PORT), 'Those who may ask');
    network.askers.addEgressRule(group, Port.tcp(PORT), 'Valkey');
    const subnets = new CfnSubnetGroup(this, 'Subnets', {
      cacheSubnetGroupName: name,
      description: 'The inside of the network of aideals',
      subnetIds: network.vpc.privateSubnets.map(({ subnetId }) => subnetId),
    });
    const parameters = new CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: 'A log is not thrown out to make room',
      properties: { 'maxmemory-policy': 'noeviction' },
    });
    const cache = new CfnReplicationGroup(this, 'Cache', {
      replicationGroupId: name,
      replicationGroupDescription: 'The log, the limits, and what is published on Redis',
      engine: 'valkey',
      engineVersion: '8.0',
      cacheNodeType: nodeType,
      numCacheClusters: 2,
      multiAzEnabled: true,
      automaticFailoverEnabled: true,
      autoMinorVersionUpgrade: true,
      port: PORT,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      atRestEncryptionEnabled: true,
      kmsKeyId: encryptionKey.keyArn,
      userGroupIds: [users.ref],
      securityGroupIds: [group.securityGroupId],
      cacheSubnetGroupName: subnets.ref,
      cacheParameterGroupName: parameters.ref,
    });
    acknowledge(
      cache,
      'AEC6',
      'Who asks gives a user and a password: a token of the whole cache would be a second way in.',
    );
    this.host = cache.attrPrimaryEndPointAddress;
    this.environment = {
      REDIS_HOST: this.host,
      REDIS_PORT: this.port,
      REDIS_SSL: 'true',
      AIDEALS_REDIS_USERNAME: this.userName,
    };
  }
}
