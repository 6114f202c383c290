import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { NAMESPACE as WRITTEN } from '../../lambda/src/runtime/meter.js';
import { checkedOf, resourceOf, resourcesOf, templateOf } from './testing/stack-of.js';
import { METRICS, NAMESPACE } from './watch/metrics.js';

const TABLE = 'AWS::DynamoDB::GlobalTable';
const NAMES = ['WebSocketConnections', 'WebSocketSubscriptions', 'Aideals'];

const template = templateOf();
const tableOf = (name: string) => resourceOf(template, TABLE, 'TableName', name);

const key = (name: string, type: 'HASH' | 'RANGE') => ({ AttributeName: name, KeyType: type });

describe('the tables', () => {
  it('are the three, and no other', () => {
    template.resourceCountIs(TABLE, 3);
  });

  it('are keyed as the rows are written', () => {
    expect(tableOf('WebSocketConnections').Properties['KeySchema']).toEqual([key('connectionId', 'HASH')]);
    const pkAndSk = [key('pk', 'HASH'), key('sk', 'RANGE')];
    expect(tableOf('WebSocketSubscriptions').Properties['KeySchema']).toEqual(pkAndSk);
    expect(tableOf('Aideals').Properties['KeySchema']).toEqual(pkAndSk);
  });

  it('have one index, of the connections of a user', () => {
    expect(tableOf('WebSocketConnections').Properties['GlobalSecondaryIndexes']).toEqual([
      { IndexName: 'UserIdIndex', KeySchema: [key('userId', 'HASH')], Projection: { ProjectionType: 'ALL' } },
    ]);
    for (const name of ['WebSocketSubscriptions', 'Aideals']) {
      expect(tableOf(name).Properties).not.toHaveProperty('GlobalSecondaryIndexes');
    }
  });

  it.each(NAMES)('%s: on demand, encrypted, recoverable, and emptied by ttl', (TableName) => {
    template.hasResourceProperties(TABLE, {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      Replicas: [Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
    });
  });

  it('keep what users were promised, when the stack is deleted', () => {
    expect(tableOf('Aideals')).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: { Replicas: [{ DeletionProtectionEnabled: true }] },
    });
    expect(tableOf('WebSocketConnections').DeletionPolicy).toBe('Delete');
    expect(tableOf('WebSocketSubscriptions').DeletionPolicy).toBe('Delete');
  });
});

describe('tables with auto scaling', () => {
  const scaled = templateOf({ capacity: 'autoScaling', capacityMin: '10', capacityMax: '200', namePrefix: 'dev-' });
  const scaling = {
    MinCapacity: 10,
    MaxCapacity: 200,
    TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 },
  };

  it.each(NAMES)('%s grows and shrinks between the bounds', (name) => {
    scaled.hasResourceProperties(TABLE, {
      TableName: `dev-${name}`,
      BillingMode: 'PROVISIONED',
      WriteProvisionedThroughputSettings: Match.objectLike({
        WriteCapacityAutoScalingSettings: scaling,
      }),
      Replicas: [
        Match.objectLike({
          ReadProvisionedThroughputSettings: Match.objectLike({
            ReadCapacityAutoScalingSettings: scaling,
          }),
        }),
      ],
    });
  });
});

describe('alarms', () => {
  const ALARM = 'AWS::CloudWatch::Alarm';
  const alarms = resourcesOf(template, ALARM).map(({ Properties }) => Properties);
  const watched = JSON.stringify(alarms);

  it.each(Object.values(METRICS))('watch %s where the functions write it', (MetricName) => {
    expect(NAMESPACE).toBe(WRITTEN);
    const metric = `"MetricName":"${MetricName}","Namespace":"${NAMESPACE}"`;
    expect(watched.includes(metric)).toBe(true);
  });

  it('tell when connections approach their limit', () => {
    const limited = templateOf({ maxConnections: 10_000 });
    expect(resourceOf(limited, ALARM, 'AlarmName', 'WebSocketConnectionLimitApproaching').Properties).toMatchObject({
      MetricName: 'ConnectionCount',
      Dimensions: [
        { Name: 'service', Value: 'aideals' },
        { Name: 'stage', Value: 'prod' },
      ],
      Statistic: 'Maximum',
      Threshold: 8_000,
      ComparisonOperator: 'GreaterThanThreshold',
    });
  });

  it('take messages that are not measured for none, while connections are open', () => {
    const { Metrics } = resourceOf(template, ALARM, 'AlarmName', 'WebSocketMessagesStopped').Properties;
    expect(JSON.stringify(Metrics)).toContain('IF(FILL(connections, 0) > 0, FILL(messages, 0), 1)');
  });

  it('say what they mean, and tell the topic that they began and ended', () => {
    for (const { AlarmDescription, AlarmActions, OKActions } of alarms) {
      expect(AlarmDescription).toEqual(expect.stringMatching(/.{20}/u));
      expect(AlarmActions).toEqual(OKActions);
      expect(AlarmActions).toHaveLength(1);
    }
    template.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'aideals-prod' });
  });
});

const IMAGE = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/aideals:1.0.0';
const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/abc';
const OPTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'as it is': {},
  'Redis with a bridge': { redis: true, bridgeImage: IMAGE, apiKey: true },
  'CloudFront in front': { cloudFront: true, stage: 'dev', namePrefix: 'dev-' },
  'domains, scaling and an identity provider': {
    ...{ webSocketDomain: 'ws.example.com', httpDomain: 'api.example.com', certificateArn: CERTIFICATE },
    ...{ capacity: 'autoScaling', jwtAlgorithms: 'RS256', jwksUrl: 'https://id.example.com/keys' },
    ...{ apiKey: true, alarmEmail: 'ops@example.com', apiGatewayLoggingRole: false },
  },
};
const apps = new Map(Object.entries(OPTIONS).map(([name, context]) => [name, checkedOf(context)]));
const optional = (name: string): Template => Template.fromJSON(apps.get(name)?.template ?? {});

describe('the rules of AWS Solutions', () => {
  it.each(Object.keys(OPTIONS))('are kept, or it is argued why not: %s', (name) => {
    for (const { pluginName, conclusion, violations } of apps.get(name)?.reports ?? []) {
      expect({ pluginName, conclusion, violations }).toEqual({ pluginName, conclusion: 'success', violations: [] });
    }
    expect(apps.get(name)?.reports.map(({ pluginName }) => pluginName)).toContain('AwsSolutions');
  });
});

describe('Redis', () => {
  const heard = optional('Redis with a bridge');

  it('is not there unless it is asked for', () => {
    for (const type of ['AWS::EC2::VPC', 'AWS::ElastiCache::ReplicationGroup', 'AWS::ECS::Service']) {
      template.resourceCountIs(type, 0);
    }
  });

  it('is Valkey on two nodes, which throws no log out to make room', () => {
    heard.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      Engine: 'valkey',
      NumCacheClusters: 2,
      MultiAZEnabled: true,
      TransitEncryptionMode: 'required',
      UserGroupIds: [Match.anyValue()],
    });
    heard.hasResourceProperties('AWS::ElastiCache::ParameterGroup', {
      Properties: { 'maxmemory-policy': 'noeviction' },
    });
  });

  it('is asked by the functions, which are in its network and know it', () => {
    for (const { Properties } of resourcesOf(heard, 'AWS::Lambda::Function')) {
      expect(Properties['VpcConfig']).toMatchObject({ SubnetIds: [{}, {}] });
      expect(Properties['Environment']).toMatchObject({
        Variables: { REDIS_HOST: {}, REDIS_PORT: '6380', REDIS_SSL: 'true', AIDEALS_REDIS_USERNAME: 'aideals' },
      });
    }
    expect(JSON.stringify(resourcesOf(template, 'AWS::Lambda::Function'))).not.toMatch(/VpcConfig|REDIS/u);
  });

  it('leaves a way out to connections, and one to DynamoDB that costs nothing', () => {
    heard.resourceCountIs('AWS::EC2::NatGateway', 2);
    const endpoints = resourcesOf(heard, 'AWS::EC2::VPCEndpoint');
    expect(endpoints.map(({ Properties }) => Properties['VpcEndpointType'])).toEqual(['Gateway', 'Gateway']);
    expect(JSON.stringify(endpoints)).toContain('.dynamodb');
  });

  it('is heard by a bridge, which publishes with the key over HTTP, and is there before an older one goes', () => {
    heard.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 1,
      DeploymentConfiguration: Match.objectLike({ MaximumPercent: 200, MinimumHealthyPercent: 100 }),
    });
    const [container] = resourceOf(heard, 'AWS::ECS::TaskDefinition', 'Family', 'aideals-bridge').Properties[
      'ContainerDefinitions'
    ] as [{ Command: string[]; Environment: { Name: string }[]; Secrets: { Name: string }[] }];
    expect(container.Command).toEqual(['bridge']);
    expect(container.Environment.map(({ Name }) => Name)).toContain('AIDEALS_HTTP_URL');
    expect(container.Secrets.map(({ Name }) => Name).sort()).toEqual(['AIDEALS_API_KEY', 'REDIS_PASSWORD']);
    // What it does itself needs no right at AWS.
    const policies = resourcesOf(heard, 'AWS::IAM::Policy').map(({ Properties }) => String(Properties['PolicyName']));
    expect(policies.filter((name) => name.startsWith('Bridge'))).toEqual([
      expect.stringMatching(/^BridgeTaskExecutionRole/u),
    ]);
  });
});

describe('CloudFront', () => {
  const front = optional('CloudFront in front');

  it('shows a key, without which $connect is refused', () => {
    front.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$connect', ApiKeyRequired: true });
    front.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({
        Origins: [Match.objectLike({ OriginCustomHeaders: [Match.objectLike({ HeaderName: 'x-api-key' })] })],
      }),
    });
    front.hasResourceProperties('AWS::ApiGateway::UsagePlan', { ApiStages: [Match.objectLike({ Stage: 'dev' })] });
  });

  it('is what clients are told, and whose addresses are not limited', () => {
    front.hasOutput('WEBSOCKETAPIGATEWAYURL', { Value: { 'Fn::Join': ['', ['wss://', Match.anyValue()]] } });
    const { Environment } = resourceOf(
      front,
      'AWS::Lambda::Function',
      'FunctionName',
      'dev-aideals-websocket-connect',
    ).Properties;
    expect(Environment).toMatchObject({ Variables: { AIDEALS_RATE_CONNECT_IP: 'off', STAGE: 'dev' } });
  });
});

describe('domains', () => {
  const named = optional('domains, scaling and an identity provider');

  it('are what clients are told, with what their records point to', () => {
    named.hasOutput('WEBSOCKETAPIGATEWAYURL', { Value: { 'Fn::Join': ['', ['wss://', Match.anyValue()]] } });
    named.hasOutput('AIDEALSWEBSOCKETDOMAINTARGET', { Value: Match.anyValue() });
    named.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 2);
    for (const DomainName of ['ws.example.com', 'api.example.com']) {
      named.hasResourceProperties('AWS::ApiGatewayV2::DomainName', { DomainName });
    }
  });
});
