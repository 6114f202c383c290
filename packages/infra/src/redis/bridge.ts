import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
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
  readonly logRetention: RetentionDays;
}

/** Hears what is published on Redis, which no function can, and starts `broadcast` for it. */
export class Bridge extends Construct {
  constructor(scope: Construct, id: string, { namePrefix, image, network, cache, logRetention }: BridgeProps) {
    super(scope, id);
    const stack = Stack.of(this);
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
    const functionName = `${namePrefix}broadcast`;
    task.addToTaskRolePolicy(
      new PolicyStatement({
        sid: 'Start',
        actions: ['lambda:InvokeFunction'],
        resources: [stack.formatArn({ service: 'lambda', resource: `function:${functionName}` })],
      }),
    );
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
    acknowledge(task, 'ECS2', 'These are addresses and names; the password comes from Secrets Manager.');
    const container = task.addContainer('bridge', {
      image: ContainerImage.fromRegistry(image),
      command: ['bridge'],
      readonlyRootFilesystem: true,
      environment: {
        NODE_ENV: 'production',
        AWS_REGION: stack.region,
        ...cache.environment,
        AIDEALS_BROADCAST_FUNCTION: functionName,
      },
      secrets: { REDIS_PASSWORD: ContainerSecret.fromSecretsManager(cache.password) },
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
      // Two would publish everything twice.
      desiredCount: 1,
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      circuitBreaker: { rollback: true },
      securityGroups: [network.askers],
      vpcSubnets: { subnets: network.vpc.privateSubnets },
    });
  }
}
