import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AwsLogDriver,
  Cluster,
  ContainerImage,
  ContainerInsights,
  Secret as ContainerSecret,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards } from '../acknowledge.js';
import type { Cache } from './cache.js';
import type { Network } from './network.js';

export interface BridgeProps {
  readonly namePrefix: string;
  /** The image of the command `aideals`, in ECR: `deploy/Dockerfile`. */
  readonly image: string;
  readonly network: Network;
  readonly cache: Cache;
  /** Of the HTTP API. */
  readonly httpUrl: string;
  /** With which it publishes there. */
  readonly apiKey: ISecret;
  readonly logRetention: RetentionDays;
}

/** Hears what is published on Redis, which no function can, and publishes it at the HTTP API. */
export class Bridge extends Construct {
  constructor(scope: Construct, id: string, props: BridgeProps) {
    super(scope, id);
    const { namePrefix, image, network, cache, httpUrl, apiKey, logRetention } = props;
    const cluster = new Cluster(this, 'Cluster', {
      clusterName: `${namePrefix}aideals`,
      vpc: network.vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
    });
    const task = new FargateTaskDefinition(this, 'Task', {
      family: `${namePrefix}aideals-bridge`,
      cpu: 256,
      memoryLimitMiB: 512,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
    });
    // The execution role has to fetch the image; which repository it lies in is not known here.
    const images = new PolicyStatement({
      sid: 'Image',
      actions: [
        'ecr:GetAuthorizationToken',
        'ecr:BatchCheckLayerAvailability',
        'ecr:GetDownloadUrlForLayer',
        'ecr:BatchGetImage',
      ],
      resources: ['*'],
    });
    task.addToExecutionRolePolicy(images);
    acknowledgeWildcards(
      task,
      images,
      'A token of ECR has no resource, and the repository of the image is the operator’s: it is not known here.',
    );
    acknowledge(task, 'ECS2', 'These are addresses and names; the password and the key come from Secrets Manager.');
    const container = task.addContainer('bridge', {
      image: ContainerImage.fromRegistry(image),
      command: ['bridge'],
      readonlyRootFilesystem: true,
      environment: {
        NODE_ENV: 'production',
        ...cache.environment,
        AIDEALS_HTTP_URL: httpUrl,
      },
      secrets: {
        REDIS_PASSWORD: ContainerSecret.fromSecretsManager(cache.password),
        AIDEALS_API_KEY: ContainerSecret.fromSecretsManager(apiKey),
      },
      logging: new AwsLogDriver({
        streamPrefix: 'bridge',
        logGroup: new LogGroup(this, 'Log', {
          logGroupName: `/aws/ecs/${namePrefix}aideals-bridge`,
          retention: logRetention,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      }),
      stopTimeout: Duration.seconds(30),
    });
    Validations.of(container).acknowledge({
      id: 'Annotation::@aws-cdk/aws-ecs:ecrImageRequiresPolicy',
      reason: 'The execution role has it, for whichever repository the image is in.',
    });
    new FargateService(this, 'Service', {
      serviceName: `${namePrefix}aideals-bridge`,
      cluster: cluster as ICluster,
      taskDefinition: task,
      desiredCount: 1,
      // The new one is there before the old one goes: what both hear is published once.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      securityGroups: [network.askers],
      vpcSubnets: { subnets: network.vpc.privateSubnets },
    });
  }
}
