import { actions, callList } from '@aideals/protocol';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { resourceOf, resourcesOf, templateOf } from './testing/stack-of.js';

const API = 'AWS::ApiGatewayV2::Api';
const ROUTE = 'AWS::ApiGatewayV2::Route';
const RESPONSE = 'AWS::ApiGatewayV2::RouteResponse';
const template = templateOf();
const keys = ['$connect', '$default', '$disconnect', ...Object.keys(actions)].sort();

const [apiId = ''] = Object.keys(
  template.findResources('AWS::ApiGatewayV2::Api', { Properties: { ProtocolType: 'WEBSOCKET' } }),
);
const ofApi = { Properties: { ApiId: { Ref: apiId } } };
const routes = Object.entries(template.findResources(ROUTE, ofApi));
const text = (value: unknown): string => JSON.stringify(value);

describe('the WebSocket API', () => {
  it('selects its route by the action', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      Name: 'aideals-websocket-api',
      ProtocolType: 'WEBSOCKET',
      RouteSelectionExpression: '$request.body.action',
    });
  });

  it('has a route for each action, and the three of its own', () => {
    expect(routes.map(([, route]) => route['Properties'].RouteKey).sort()).toEqual(keys);
  });

  it.each([
    ['$connect', 'aideals-websocket-connect'],
    ['$disconnect', 'aideals-websocket-disconnect'],
    ['$default', 'aideals-websocket-default'],
    ['ping', 'aideals-websocket-default'],
    ['sendMessage', 'aideals-websocket-message'],
    ['notificationAck', 'aideals-websocket-message'],
    ['subscribeToDeals', 'aideals-websocket-subscription'],
  ])('serves %s by %s', (routeKey, functionName) => {
    const Target = routes.find(([, { Properties }]) => Properties.RouteKey === routeKey)?.[1]['Properties'].Target;
    const integration = (Target as { 'Fn::Join': [string, [string, { Ref: string }]] })['Fn::Join'][1][1].Ref;
    const { IntegrationType, IntegrationUri, TimeoutInMillis } =
      template.findResources('AWS::ApiGatewayV2::Integration')[integration]?.['Properties'] ?? {};
    expect({ IntegrationType, TimeoutInMillis }).toEqual({ IntegrationType: 'AWS_PROXY', TimeoutInMillis: 29_000 });
    const [logicalId] =
      Object.entries(template.findResources('AWS::Lambda::Function')).find(
        ([, { Properties }]) => Properties.FunctionName === functionName,
      ) ?? [];
    expect(text(IntegrationUri)).toContain(`{"Fn::GetAtt":["${logicalId}","Arn"]}`);
  });

  it('answers by the body of the function where there is a message, and nowhere else', () => {
    const responses = resourcesOf(template, RESPONSE).map(
      ({ Properties }) => (Properties['RouteId'] as { Ref: string }).Ref,
    );
    for (const [id, { Properties }] of routes) {
      const isAnswered = !['$connect', '$disconnect'].includes(Properties.RouteKey);
      expect(responses.includes(id), Properties.RouteKey).toBe(isAnswered);
      expect(Properties.RouteResponseSelectionExpression, Properties.RouteKey).toBe(
        isAnswered ? '$default' : undefined,
      );
    }
    expect(
      resourcesOf(template, RESPONSE).every(({ Properties }) => Properties['RouteResponseKey'] === '$default'),
    ).toBe(true);
  });

  it('may invoke a function for its own routes of this stage alone', () => {
    const sources = resourcesOf(template, 'AWS::Lambda::Permission')
      .map(({ Properties }) => text(Properties['SourceArn']))
      .filter((source) => source.includes(`{"Ref":"${apiId}"}`))
      .map((source) => /"\/([^"]+)"\]\]\}$/u.exec(source)?.[1]);
    expect(sources.sort()).toEqual(keys.map((key) => `prod/${key}`).sort());
  });
});

describe('the stage', () => {
  const stage = resourceOf(template, 'AWS::ApiGatewayV2::Stage', 'StageName', 'prod');
  const deployments = Object.entries(template.findResources('AWS::ApiGatewayV2::Deployment'));

  it('serves one deployment, which waits for every route and its answer', () => {
    const [[id, deployment] = ['', {}]] = deployments;
    expect(deployments).toHaveLength(1);
    expect(stage.Properties['DeploymentId']).toEqual({ Ref: id });
    expect(stage.Properties).not.toHaveProperty('AutoDeploy');
    const waited = new Set(deployment['DependsOn'] as readonly string[]);
    const parts = [...routes.map(([part]) => part), ...Object.keys(template.findResources(RESPONSE))];
    expect(parts.filter((part) => !waited.has(part))).toEqual([]);
  });

  it('is deployed anew only when routes change', () => {
    const again = Object.keys(templateOf({ logRetentionDays: 7 }).findResources('AWS::ApiGatewayV2::Deployment'));
    expect(again).toEqual(deployments.map(([id]) => id));
  });

  it('writes an access log without the query, and nothing that API Gateway sees itself', () => {
    expect(stage.Properties['DefaultRouteSettings']).toMatchObject({ DataTraceEnabled: false, LoggingLevel: 'OFF' });
    const { Format } = stage.Properties['AccessLogSettings'] as { Format: string };
    expect(JSON.parse(Format)).toMatchObject({ connectionId: '$context.connectionId', status: '$context.status' });
    expect(Format).not.toMatch(/query|path|header|authorizer|messageData/iu);
  });

  it('waits for the role by which API Gateway writes logs', () => {
    const [account = ''] = Object.keys(template.findResources('AWS::ApiGateway::Account'));
    expect(stage.DependsOn).toContain(account);
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Principal: { Service: 'apigateway.amazonaws.com' } })],
      }),
      ManagedPolicyArns: [
        { 'Fn::Join': ['', Match.arrayWith([':iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs'])] },
      ],
    });
  });
});

describe('the outputs', () => {
  it('are the address and the id of the API', () => {
    template.hasOutput('WEBSOCKETAPIGATEWAYID', { Value: { Ref: apiId }, Description: 'WEBSOCKET_API_GATEWAY_ID' });
    const region = { Ref: 'AWS::Region' };
    const suffix = { Ref: 'AWS::URLSuffix' };
    template.hasOutput('WEBSOCKETAPIGATEWAYURL', {
      Value: { 'Fn::Join': ['', ['wss://', { Ref: apiId }, '.execute-api.', region, '.', suffix, '/prod']] },
      Description: 'WEBSOCKET_API_GATEWAY_URL',
    });
  });
});

const origin = 'https://app.example.com';
const withPages = templateOf({ allowedOrigins: `${origin},null` });

const [httpApiId = ''] = Object.keys(withPages.findResources(API, { Properties: { ProtocolType: 'HTTP' } }));
const httpKeys = Object.values(
  withPages.findResources('AWS::ApiGatewayV2::Route', { Properties: { ApiId: { Ref: httpApiId } } }),
).map((route) => route['Properties'].RouteKey as string);

describe('the HTTP API', () => {
  it('has a route for each call, for what a deployment tells of itself, and for all else', () => {
    const calls = callList.map(({ method, path }) => `${method} ${path}`);
    const own = ['/healthz', '/readyz', '/openapi.json', '/asyncapi.json'].map((path) => `GET ${path}`);
    expect(httpKeys.sort()).toEqual([...calls, ...own, '$default'].sort());
  });

  it('is served by one function, in the form that it reads', () => {
    const integrations = resourcesOf(withPages, 'AWS::ApiGatewayV2::Integration').filter(
      ({ Properties }) => (Properties['ApiId'] as { Ref: string }).Ref === httpApiId,
    );
    expect(integrations).toHaveLength(1);
    expect(integrations[0]?.Properties).toMatchObject({ IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' });
  });

  it('lets pages of the allowed origins call', () => {
    withPages.hasResourceProperties(API, {
      CorsConfiguration: {
        AllowOrigins: [origin],
        AllowHeaders: Match.arrayWith(['authorization', 'idempotency-key']),
        AllowMethods: ['DELETE', 'GET', 'POST'],
      },
    });
    const [without] = resourcesOf(templateOf(), API).filter(({ Properties }) => Properties['ProtocolType'] === 'HTTP');
    expect(without?.Properties).not.toHaveProperty('CorsConfiguration');
  });

  it('writes an access log without path and query', () => {
    const [stage] = resourcesOf(withPages, 'AWS::ApiGatewayV2::Stage').filter(
      ({ Properties }) => Properties['StageName'] === '$default',
    );
    const { Format } = (stage?.Properties['AccessLogSettings'] ?? {}) as { Format: string };
    expect(Format).toContain('$context.httpMethod');
    expect(Format).not.toMatch(/\$context\.(path|protocol)|query|authorizer/iu);
  });
});
