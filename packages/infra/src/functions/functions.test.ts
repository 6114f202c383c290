import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../lambda/src/config/config.js';
import { flat } from '../acknowledge.js';
import { resourceOf, resourcesOf, templateOf } from '../testing/stack-of.js';
import { codeOf } from './bundles.js';
import { type FunctionName, functionNames } from './names.js';

const FUNCTION = 'AWS::Lambda::Function';
const template = templateOf({ ipDeny: '192.0.2.0/24', environment: '{"AIDEALS_RATE_SUBSCRIBE": 5}' });
const functionOf = (name: FunctionName, of = template) => resourceOf(of, FUNCTION, 'FunctionName', name).Properties;

type Variables = Readonly<Record<string, unknown>>;
const variablesOf = (name: FunctionName, of = template): Variables =>
  (functionOf(name, of)['Environment'] as { Variables: Variables }).Variables;

/** As CloudFormation would fill it in. */
const filled = (variables: Variables): Record<string, string> => ({
  AWS_REGION: 'eu-central-1',
  ...Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      if (typeof value === 'string') return [name, value];
      const parts = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join']?.[1];
      if (parts === undefined) return [name, String((value as { Ref: unknown }).Ref)];
      // What a secret is resolved to, with what stands around it.
      const joined = parts.map((part) => (typeof part === 'string' ? part : 'arn')).join('');
      return [name, joined.replace(/\{\{resolve:.*\}\}/u, 'x'.repeat(64))];
    }),
  ),
});

describe('the functions', () => {
  it('are those of the guides, and what else is needed', () => {
    const names = resourcesOf(template, FUNCTION).map(({ Properties }) => Properties['FunctionName']);
    expect(names.sort()).toEqual([...functionNames].sort());
  });

  it.each(functionNames)('%s: Node 24 on arm64, traced, with concurrency, a log and a bundle of its own', (name) => {
    expect(functionOf(name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      ReservedConcurrentExecutions: expect.any(Number),
      KmsKeyArn: expect.anything(),
    });
    const log = resourceOf(template, 'AWS::Logs::LogGroup', 'LogGroupName', `/aws/lambda/${name}`);
    expect(log.Properties['RetentionInDays']).toBe(30);
  });

  it.each(functionNames)('%s starts with the environment that it is given', (name) => {
    const config = readConfig(filled(variablesOf(name)));
    expect(config).toMatchObject({
      stage: 'prod',
      jwtSecret: 'x'.repeat(64),
      previousSecret: 'x'.repeat(64),
      broadcastFunction: 'broadcast',
      managementUrl: expect.stringMatching(/^https:\/\/\w+\.execute-api\.eu-central-1\.amazonaws\.com\/prod$/u),
      subscribe: { perMinute: 5, burst: 5 },
      connections: 100_000,
    });
  });

  it('know their secrets by reference: no value stands in the template', () => {
    for (const name of functionNames) {
      expect(JSON.stringify(variablesOf(name)['JWT_SECRET'])).toMatch(/\{\{resolve:secretsmanager:/u);
    }
    expect(resourcesOf(template, 'AWS::SecretsManager::Secret')).toHaveLength(2);
    for (const { Properties } of resourcesOf(template, 'AWS::SecretsManager::Secret')) {
      expect(Properties).not.toHaveProperty('SecretString');
    }
  });

  it('look at addresses where someone comes in', () => {
    const looking = functionNames.filter((name) => 'AIDEALS_IP_DENY' in variablesOf(name));
    expect(looking).toEqual(['aideals-websocket-connect', 'aideals-http']);
  });

  it('may go on in one invocation after another, where they do', () => {
    const going = functionNames.filter((name) => functionOf(name)['RecursiveLoop'] === 'Allow');
    expect(going).toEqual(functionNames.filter((name) => name !== 'aideals-websocket-disconnect'));
  });

  it('have what they could not deal with kept', () => {
    const [broadcast] = Object.keys(template.findResources(FUNCTION, { Properties: { FunctionName: 'broadcast' } }));
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: broadcast },
      DestinationConfig: { OnFailure: Match.anyValue() },
    });
  });

  it('sweep each minute, one at a time', () => {
    expect(functionOf('aideals-sweep')['ReservedConcurrentExecutions']).toBe(1);
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
  });
});

describe('settings of the functions', () => {
  const keyed = templateOf({
    jwtAlgorithms: 'RS256',
    jwksUrl: 'https://id.example.com/keys',
    jwtIssuer: 'https://id.example.com',
    apiKey: true,
    reservedConcurrency: 'false',
    concurrency: 'broadcast=7',
  });

  it('verify tokens of an identity provider without a secret', () => {
    expect(variablesOf('aideals-websocket-connect', keyed)).toMatchObject({
      JWT_ALGORITHM: 'RS256',
      AIDEALS_JWKS_URL: 'https://id.example.com/keys',
    });
    expect(variablesOf('aideals-websocket-connect', keyed)).not.toHaveProperty('JWT_SECRET');
  });

  it('give the API key to the HTTP API alone', () => {
    const config = readConfig(filled(variablesOf('aideals-http', keyed)));
    expect(config.apiKeys).toEqual([{ name: 'backend', key: 'x'.repeat(64), scopes: ['publish'] }]);
    expect(variablesOf('broadcast', keyed)).not.toHaveProperty('AIDEALS_API_KEYS');
  });

  it('tell of Redis what the functions ask of it', () => {
    const config = readConfig(filled(variablesOf('broadcast', templateOf({ redis: true }))));
    expect(config.redis).toBeTruthy();
  });

  it('reserve no concurrency but what is asked for', () => {
    expect(functionOf('broadcast', keyed)['ReservedConcurrentExecutions']).toBe(7);
    expect(functionOf('aideals-http', keyed)).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('name versions of secrets, so that a change is deployed', () => {
    const version = '3f1c0a52-8f1e-4d0e-9d3f-6a4f3f0b2c11';
    const changed = templateOf({ jwtSecretVersion: version });
    expect(JSON.stringify(variablesOf('aideals-http', changed)['JWT_SECRET'])).toContain(
      `:SecretString:::${version}}}`,
    );
  });
});

describe('bundles', () => {
  it('that are missing are named, with what makes them', () => {
    expect(() => codeOf('/nowhere', 'broadcast')).toThrow(
      'broadcast has no bundle in /nowhere; run npm run bundle -w @aideals/lambda',
    );
  });
});

interface Statement {
  readonly Sid?: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** Logical ids end in a hash that says nothing to a reader. */
const plain = (resource: unknown): string =>
  flat(resource)
    .replace(/<([A-Za-z]+?)[0-9A-F]{8}(\.\w+)?>/gu, '<$1$2>')
    .replaceAll('<AWS::', '<');

/** A line for each statement, by the name of the function. */
const permissions = (): Record<string, readonly string[]> =>
  Object.fromEntries(
    resourcesOf(template, 'AWS::IAM::Policy').map(({ Properties }) => {
      const { Statement: statements } = Properties['PolicyDocument'] as { Statement: readonly Statement[] };
      const lines = statements.flatMap(({ Action, Resource }) =>
        listOf(Resource).map((resource) => `${listOf(Action).join(' ')} on ${plain(resource)}`),
      );
      return [plain(listOf(Properties['Roles'])[0]), lines];
    }),
  );

describe('what functions may do', () => {
  it('is this and nothing else', () => {
    expect(permissions()).toMatchSnapshot();
  });

  it('holds no action of wildcards, no scan, and nothing that changes a table', () => {
    const text = JSON.stringify(permissions());
    expect(text).not.toMatch(/:\*[ "]| \* on/u);
    expect(text).not.toMatch(/Scan|CreateTable|DeleteTable|UpdateTable|PassRole/u);
  });

  it('is what the role alone says: none has a policy of another’s', () => {
    const managed = resourcesOf(template, 'AWS::IAM::Role').filter(
      ({ Properties }) => 'ManagedPolicyArns' in Properties,
    );
    expect(managed).toHaveLength(1);
    expect(JSON.stringify(managed[0])).toContain('AmazonAPIGatewayPushToCloudWatchLogs');
  });
});
