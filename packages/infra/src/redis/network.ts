import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';

export interface NetworkProps {
  readonly namePrefix: string;
  readonly logRetention: RetentionDays;
  readonly natGateways: number;
}

const ZONES = 2;

/**
 * A network in two zones, since a cache is reached from inside only. The functions have to be in it, and go out for all else:
 * - to DynamoDB and S3 through gateway endpoints, which cost nothing;
 * - to `@connections` and Lambda through NAT gateways. An endpoint for `execute-api` would be of no use: it serves private
 *   APIs alone, and answers in place of all others with 403.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** Those who may ask the cache. */
  readonly askers: ISecurityGroup;

  constructor(scope: Construct, id: string, { namePrefix, logRetention, natGateways }: NetworkProps) {
    super(scope, id);
    const flowLog = new LogGroup(this, 'FlowLog', {
      logGroupName: `/aws/vpc/${namePrefix}aideals`,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The compiler takes a property that may hold undefined for another than one that may be left out.
    this.vpc = new Vpc(this, 'Vpc', {
      vpcName: `${namePrefix}aideals`,
      ipAddresses: IpAddresses.cidr('10.77.0.0/22'),
      maxAzs: ZONES,
      natGateways,
      subnetConfiguration: [
        { name: 'inside', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 },
        { name: 'way-out', subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
      ],
      gatewayEndpoints: {
        dynamodb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
        s3: { service: GatewayVpcEndpointAwsService.S3 },
      },
      // It would need a function of its own to empty one group that nothing is in.
      restrictDefaultSecurityGroup: false,
      flowLogs: { rejected: { destination: FlowLogDestination.toCloudWatchLogs(flowLog) } },
    }) as IVpc;
    const askers = new SecurityGroup(this, 'Askers', {
      vpc: this.vpc,
      description: 'May ask the cache, and goes out by HTTPS',
      allowAllOutbound: false,
    });
    askers.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS, and the keys of an identity provider');
    acknowledge(askers, 'EC23', 'It lets nothing in.');
    this.askers = askers;
  }
}
