import { RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
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
  /** Whether something in it has to reach AWS. */
  readonly reachesAws: boolean;
}

const ZONES = 2;

/** What the bridge asks of AWS: to start `broadcast`, for its image, its log and its password. None of it leaves AWS. */
const ASKED = {
  lambda: InterfaceVpcEndpointAwsService.LAMBDA,
  'ecr-api': InterfaceVpcEndpointAwsService.ECR,
  'ecr-images': InterfaceVpcEndpointAwsService.ECR_DOCKER,
  logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
};

/**
 * A network without a way out, in two zones: a cache is reached from inside only. The functions stay outside: `@connections`
 * has no endpoint in a network, so each of them would need a NAT gateway to send a frame.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** Those who may ask the cache. */
  readonly askers: SecurityGroup;

  constructor(scope: Construct, id: string, { namePrefix, logRetention, reachesAws }: NetworkProps) {
    super(scope, id);
    // The compiler takes a property that may hold undefined for another than one that may be left out.
    this.vpc = new Vpc(this, 'Vpc', {
      vpcName: `${namePrefix}aideals`,
      ipAddresses: IpAddresses.cidr('10.77.0.0/22'),
      maxAzs: ZONES,
      natGateways: 0,
      subnetConfiguration: [{ name: 'inside', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
      // It would need a function of its own to empty one group that nothing is in.
      restrictDefaultSecurityGroup: false,
      flowLogs: {
        rejected: {
          destination: FlowLogDestination.toCloudWatchLogs(
            new LogGroup(this, 'FlowLog', {
              logGroupName: `/aws/vpc/${namePrefix}aideals`,
              retention: logRetention,
              removalPolicy: RemovalPolicy.DESTROY,
            }),
          ),
        },
      },
    }) as IVpc;
    this.askers = new SecurityGroup(this, 'Askers', {
      vpc: this.vpc,
      description: 'May ask the cache, and AWS through the endpoints',
      allowAllOutbound: false,
    });
    if (!reachesAws) return;
    const doors = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'Endpoints of AWS',
      allowAllOutbound: false,
    });
    doors.addIngressRule(this.askers, Port.tcp(443), 'Those who ask the cache');
    this.askers.addEgressRule(doors, Port.tcp(443), 'AWS through the endpoints');
    for (const [name, service] of Object.entries(ASKED)) {
      this.vpc.addInterfaceEndpoint(name, { service, securityGroups: [doors], open: false });
    }
    // The layers of an image are on S3.
    this.vpc.addGatewayEndpoint('s3', { service: GatewayVpcEndpointAwsService.S3 });
    this.askers.addEgressRule(
      Peer.anyIpv4(),
      Port.tcp(443),
      'S3 through its gateway endpoint: there is no other way out',
    );
    acknowledge(this.askers, 'EC23', 'It lets nothing in.');
  }
}
