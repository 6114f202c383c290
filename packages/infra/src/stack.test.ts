import { actions } from '@aideals/protocol';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { AidealsStack } from './stack.js';

const templateOf = (stage: string): Template =>
  Template.fromStack(new AidealsStack(new App({ analyticsReporting: false }), 'Aideals', { stage }));

const template = templateOf('prod');

const TABLE = 'AWS::DynamoDB::GlobalTable';

/** One table by its name, with what stands beside its properties. */
const tableOf = (name: string) => {
  const found = Object.values(template.findResources(TABLE, { Properties: { TableName: name } }));
  expect(found).toHaveLength(1);
  return found[0] as { DeletionPolicy: string; Properties: Record<string, unknown> };
};

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

  it.each(['WebSocketConnections', 'WebSocketSubscriptions', 'Aideals'])(
    '%s: on demand, encrypted, recoverable, and emptied by ttl',
    (TableName) => {
      template.hasResourceProperties(TABLE, {
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        Replicas: [Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
      });
    },
  );

  it('keep what users were promised, when the stack is deleted', () => {
    expect(tableOf('Aideals')).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: { Replicas: [{ DeletionProtectionEnabled: true }] },
    });
    expect(tableOf('WebSocketConnections').DeletionPolicy).toBe('Delete');
    expect(tableOf('WebSocketSubscriptions').DeletionPolicy).toBe('Delete');
  });
});

describe('the WebSocket API', () => {
  const ROUTE = 'AWS::ApiGatewayV2::Route';

  it('selects its route by the action', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      Name: 'aideals-websocket-api',
      ProtocolType: 'WEBSOCKET',
      RouteSelectionExpression: '$request.body.action',
    });
  });

  it('has a route for each action, and the three of its own', () => {
    const keys = Object.values(template.findResources(ROUTE)).map((route) => route['Properties'].RouteKey);
    expect(keys.sort()).toEqual(['$connect', '$default', '$disconnect', ...Object.keys(actions)].sort());
  });

  it.each([
    ['$connect', 'aideals-websocket-connect'],
    ['$disconnect', 'aideals-websocket-disconnect'],
    ['$default', 'aideals-websocket-default'],
    ['ping', 'aideals-websocket-default'],
    ['sendMessage', 'aideals-websocket-message'],
    ['notificationAck', 'aideals-websocket-message'],
    ['subscribeToDeals', 'aideals-websocket-subscription'],
  ])('means %s for %s', (RouteKey, OperationName) => {
    template.hasResourceProperties(ROUTE, { RouteKey, OperationName });
  });

  it('takes no connection as long as no function is behind it', () => {
    template.resourceCountIs('AWS::Lambda::Function', 0);
    template.resourceCountIs('AWS::ApiGatewayV2::Integration', 0);
    template.resourceCountIs('AWS::ApiGatewayV2::Deployment', 0);
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: 'prod',
      DeploymentId: Match.absent(),
      AutoDeploy: Match.absent(),
    });
  });
});

describe('the outputs', () => {
  it('are the address and the id of the API', () => {
    const [api = ''] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    template.hasOutput('WEBSOCKETAPIGATEWAYID', { Value: { Ref: api }, Description: 'WEBSOCKET_API_GATEWAY_ID' });
    const region = { Ref: 'AWS::Region' };
    const suffix = { Ref: 'AWS::URLSuffix' };
    template.hasOutput('WEBSOCKETAPIGATEWAYURL', {
      Value: { 'Fn::Join': ['', ['wss://', { Ref: api }, '.execute-api.', region, '.', suffix, '/prod']] },
      Description: 'WEBSOCKET_API_GATEWAY_URL',
    });
  });
});

describe('the stage', () => {
  it('is the one that is asked for', () => {
    templateOf('dev-2').hasResourceProperties('AWS::ApiGatewayV2::Stage', { StageName: 'dev-2' });
  });

  it.each(['', 'a/b', '$default', 'x'.repeat(129)])('is not %j', (stage) => {
    expect(() => templateOf(stage)).toThrow('STAGE must be 1 to 128 letters, digits, - and _');
  });
});
