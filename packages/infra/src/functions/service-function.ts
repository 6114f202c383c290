import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Function as LambdaFunction, RecursiveLoop, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcards } from '../acknowledge.js';
import type { Tables } from '../data/tables.js';
import type { Network } from '../redis/network.js';
import { codeOf } from './bundles.js';
import { catalogue } from './catalogue.js';
import type { FunctionName } from './names.js';
import { statementsOf } from './permissions.js';

export interface ServiceFunctionProps {
  readonly name: FunctionName;
  readonly namePrefix: string;
  readonly stage: string;
  readonly apiId: string;
  readonly tables: Tables;
  readonly bundles: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly encryptionKey: IKey;
  readonly logRetention: RetentionDays;
  /** Invocations at once that are kept for it; none are where it is undefined. */
  readonly concurrency: number | undefined;
  /** Where the function has to be, to reach what is only there. */
  readonly network?: Network;
  /** Where an event ends up that was taken and could not be dealt with. */
  readonly failed?: IQueue;
}

/** One function of the catalogue, with its log and a role of its own. */
export class ServiceFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { name, namePrefix, tables, apiId, stage, network, failed, concurrency } = props;
    const facts = catalogue[name];
    const functionName = `${namePrefix}${name}`;
    this.logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${functionName} may do`,
    });
    const names = { self: functionName, broadcast: `${namePrefix}broadcast` };
    const { keyArn } = props.encryptionKey;
    const isInside = network !== undefined;
    const granted = {
      facts,
      stack: Stack.of(this),
      names,
      logGroup: this.logGroup,
      tables,
      apiId,
      stage,
      keyArn,
      isInside,
    };
    acknowledge(role, 'IAM5', 'Neither X-Ray nor the interfaces of a network have resources to name.', 'Resource::*');
    for (const statement of statementsOf(granted)) {
      role.addToPolicy(statement);
      acknowledgeWildcards(
        role,
        statement,
        'Which connections there will be nobody knows beforehand: these are those of this stage alone.',
      );
    }
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description: facts.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: codeOf(props.bundles, name),
      handler: 'index.handler',
      memorySize: facts.memory,
      timeout: Duration.seconds(facts.timeoutSeconds),
      role,
      environment: { ...props.environment },
      environmentEncryption: props.encryptionKey,
      logGroup: this.logGroup,
      tracing: Tracing.ACTIVE,
      ...(network === undefined
        ? {}
        : { vpc: network.vpc, vpcSubnets: { subnets: network.vpc.privateSubnets }, securityGroups: [network.askers] }),
      ...(concurrency === undefined ? {} : { reservedConcurrentExecutions: concurrency }),
      // A long replay or fan-out goes on in one invocation after another, and each is bounded by what is left to do:
      // Lambda would take the sixteenth for a loop, and end it.
      ...(facts.starts.length > 0 ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
      ...(facts.retries === undefined ? {} : { retryAttempts: facts.retries }),
      ...(facts.maxAgeSeconds === undefined ? {} : { maxEventAge: Duration.seconds(facts.maxAgeSeconds) }),
      ...(failed === undefined ? {} : { onFailure: new SqsDestination(failed) }),
    });
  }
}
