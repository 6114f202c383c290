import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signToken } from '../credentials/signing.js';
import { signingKey } from '../credentials/signing-key.js';
import { clean, SECRET, serve, start, temporary } from '../testing/command-line.js';
import { Listener } from '../testing/listener.js';

const run = promisify(execFile);

const BUNDLE = fileURLToPath(new URL('../../../lambda/scripts/bundle.mjs', import.meta.url));
const KEY = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const SETTINGS = { JWT_SECRET: SECRET, AIDEALS_AWS_KEYS: `${KEY.id}:${KEY.secret}` };
const BUNDLING_MS = 120_000;
const PYTHON_MS = 120_000;

/** What the tools are told, and nothing of what this machine’s user has set. */
const surroundings = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: '/usr/bin:/bin',
  HOME: '/nonexistent',
  PYTHONUTF8: '1',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: KEY.id,
  AWS_SECRET_ACCESS_KEY: KEY.secret,
  AWS_PAGER: '',
  // What is refused for good is not tried again, and nothing beside this machine is asked.
  AWS_MAX_ATTEMPTS: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
  ...more,
});

/** Publishes by Lambda, as the guide for backends has it: its function is unchanged, its client is told an endpoint. */
const BROADCAST = `
import boto3
import json
import os

lambda_client = boto3.client('lambda', endpoint_url=os.environ['ENDPOINT'])

def broadcast_deal_update(deal_data, topic='new-deals'):
    """Broadcast a deal update to subscribed clients."""
    event = {
        'messageType': 'dealUpdate',
        'data': deal_data,
        'topic': topic,
        'filters': {
            'category': deal_data.get('category'),
            'discount': deal_data.get('discountPercentage')
        }
    }
    
    # Invoke the broadcast Lambda function
    response = lambda_client.invoke(
        FunctionName='broadcast',
        InvocationType='Event',  # Asynchronous invocation
        Payload=json.dumps(event)
    )
    
    return response

deals = [
    {'dealId': 'd-1', 'title': 'Caf\\u00e9 table', 'category': 'garden', 'discountPercentage': 40},
    {'dealId': 'd-2', 'title': 'No discount told', 'category': 'garden'},
    {'dealId': 'd-3', 'title': 'Of another category', 'category': 'books', 'discountPercentage': 40},
    {'dealId': 'd-4', 'title': 'The last', 'category': 'garden', 'discountPercentage': 50},
]
for deal in deals:
    response = broadcast_deal_update(deal)
    print(response['StatusCode'])
`;

/** Each call of \`@connections\` by boto3, and what it raises. */
const CALLS = `
import boto3
import json
import os
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

connection = os.environ['CONNECTION']

def client(service, **options):
    return boto3.client(service, endpoint_url=os.environ['ENDPOINT' if service == 'lambda' else 'STAGE_ENDPOINT'], **options)

def refusal(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode'], type(error).__name__]
    return None

api = client('apigatewaymanagementapi')
told = {}
told['posted'] = api.post_to_connection(ConnectionId=connection, Data=json.dumps({'type': 'hello', 'data': {'by': 'boto3'}}).encode())['ResponseMetadata']['HTTPStatusCode']
facts = api.get_connection(ConnectionId=connection)
told['sourceIp'] = facts['Identity']['SourceIp']
told['ages'] = facts['LastActiveAt'] >= facts['ConnectedAt']

wrong = client('apigatewaymanagementapi', aws_secret_access_key='another', aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'])
unknown = client('apigatewaymanagementapi', aws_secret_access_key='another', aws_access_key_id='AKIDUNKNOWN')
unsigned = client('apigatewaymanagementapi', config=Config(signature_version=UNSIGNED))
told['refused'] = [refusal(each.get_connection, ConnectionId=connection) for each in (wrong, unknown, unsigned)]
wrong = client('lambda', aws_secret_access_key='another', aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'])
told['notInvoked'] = refusal(wrong.invoke, FunctionName='broadcast', Payload='{}')
told['noFunction'] = refusal(client('lambda').invoke, FunctionName='another', Payload='{}')

answer = client('lambda').invoke(FunctionName='broadcast', Payload=json.dumps({'data': {'n': 1}}))
told['answer'] = [answer['StatusCode'], json.loads(json.loads(answer['Payload'].read())['body'])['broadcast']]

told['deleted'] = api.delete_connection(ConnectionId=connection)['ResponseMetadata']['HTTPStatusCode']
told['gone'] = [
    refusal(api.post_to_connection, ConnectionId=connection, Data=b'x'),
    refusal(api.get_connection, ConnectionId=connection),
    refusal(api.delete_connection, ConnectionId=connection),
]
print(json.dumps(told))
`;

interface Deployment {
  /** Of calls that invoke functions. */
  readonly endpoint: string;
  /** Of sockets, up to the token. */
  readonly socket: string;
  stop(): Promise<void>;
}

const server = async (): Promise<Deployment> => {
  const folder = mkdtempSync(join(tmpdir(), 'aideals-aws-'));
  const running = await serve({ ...SETTINGS, AIDEALS_DATA_DIR: folder });
  return {
    endpoint: running.url,
    socket: `${running.url.replace('http', 'ws')}/prod`,
    stop: async () => {
      running.child.kill('SIGKILL');
      await running.ended;
      rmSync(folder, { recursive: true });
    },
  };
};

const gateway = async (): Promise<Deployment> => {
  const bundles = mkdtempSync(join(tmpdir(), 'aideals-bundles-'));
  await run(process.execPath, [BUNDLE, '--out', bundles]);
  const running = start(['gateway', '--port', '0', '--bundles', bundles], SETTINGS);
  const [, endpoint = ''] = await running.seen('stdout', /^aideals is ready, as it is on AWS, at (http:\S+)$/mu);
  return {
    endpoint,
    socket: `${endpoint.replace('http', 'ws')}/prod`,
    stop: async () => {
      running.child.kill('SIGINT');
      expect((await running.ended).code).toBe(0);
      rmSync(bundles, { recursive: true });
    },
  };
};

describe.each([
  ['the server', server],
  ['the functions behind the local gateway', gateway],
])('%s', (_, begin) => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await begin();
  }, BUNDLING_MS);
  afterAll(async () => {
    await deployment.stop();
    await clean();
  });

  const connect = async (sub: string): Promise<{ listener: Listener; connectionId: string }> => {
    const key = signingKey({ JWT_SECRET: SECRET }, '');
    const token = await signToken(key, { sub, scopes: [], expiresInSeconds: 600 });
    const listener = await Listener.open(`${deployment.socket}?token=${token}`);
    const status = await listener.ask('getStatus');
    return { listener, connectionId: String(status.data['connectionId']) };
  };

  const python = async (program: string, env: Readonly<Record<string, string>>) => {
    const addresses = { ENDPOINT: deployment.endpoint, STAGE_ENDPOINT: `${deployment.endpoint}/prod` };
    return (await run('/usr/bin/python3', ['-c', program], { env: surroundings({ ...addresses, ...env }) })).stdout;
  };

  it(
    'takes the guide’s broadcast_deal_update as it is, but for the endpoint',
    async () => {
      const { listener } = await connect('reader');
      await listener.ask('subscribeToDeals', { topic: 'new-deals', filters: { category: 'garden' } });
      const strict = await connect('strict');
      await strict.listener.ask('subscribeToDeals', { topic: 'new-deals', filters: { minDiscount: 30 } });
      expect((await python(BROADCAST, {})).split('\n')).toEqual(['202', '202', '202', '202', '']);
      const seen = async (who: Listener, last: string): Promise<unknown[]> => {
        const first = await who.take(({ data }) => data['dealId'] === last);
        const deals = [first, ...who.events()].map(({ type, topic, data }) => [type, topic, data['dealId']]);
        return deals.sort();
      };
      const deal = (id: string): string[] => ['dealUpdate', 'new-deals', id];
      // An Event may overtake another on the way: the last may come first.
      await Promise.all(['d-1', 'd-2'].map((id) => listener.take(({ data }) => data['dealId'] === id)));
      expect(await seen(listener, 'd-4')).toEqual([deal('d-4')]);
      await Promise.all(['d-1', 'd-3'].map((id) => strict.listener.take(({ data }) => data['dealId'] === id)));
      expect(await seen(strict.listener, 'd-4')).toEqual([deal('d-4')]);
      listener.end();
      strict.listener.end();
    },
    PYTHON_MS,
  );

  it(
    'answers boto3 as AWS does',
    async () => {
      const { listener, connectionId } = await connect('of-boto3');
      const told = JSON.parse(await python(CALLS, { CONNECTION: connectionId })) as unknown;
      const gone = ['GoneException', 410, 'GoneException'];
      const wrong = ['InvalidSignatureException', 403, 'ClientError'];
      expect(told).toEqual({
        posted: 200,
        sourceIp: '127.0.0.1',
        ages: true,
        refused: [
          wrong,
          ['UnrecognizedClientException', 403, 'ClientError'],
          ['MissingAuthenticationTokenException', 403, 'ClientError'],
        ],
        notInvoked: wrong,
        noFunction: ['ResourceNotFoundException', 404, 'ResourceNotFoundException'],
        answer: [200, 'success'],
        deleted: 204,
        gone: [gone, gone, gone],
      });
      expect((await listener.take(({ type }) => type === 'hello')).data).toEqual({ by: 'boto3' });
      await listener.closed;
    },
    PYTHON_MS,
  );

  it(
    'answers awscli as AWS does',
    async () => {
      const { listener, connectionId } = await connect('of-awscli');
      const folder = temporary();
      const aws = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
        run('/usr/bin/aws', [...args, '--cli-binary-format', 'raw-in-base64-out'], { env: surroundings(env) });
      const failed = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> =>
        aws(args, env).then(
          () => 'it was done',
          ({ stderr }: { stderr: string }) => stderr.trim(),
        );
      const call = (what: string, ...more: readonly string[]): string[] => [
        ...['apigatewaymanagementapi', what, '--endpoint-url', `${deployment.endpoint}/prod`],
        ...['--connection-id', connectionId, ...more],
      ];
      await aws(call('post-to-connection', '--data', '{"type":"hello","data":{"by":"awscli: Grüße"}}'));
      expect((await listener.take(({ type }) => type === 'hello')).data).toEqual({ by: 'awscli: Grüße' });
      const facts = JSON.parse((await aws(call('get-connection'))).stdout) as Record<string, unknown>;
      expect(facts).toMatchObject({ ConnectedAt: expect.any(String), Identity: { SourceIp: '127.0.0.1' } });

      expect(await failed(call('get-connection'), { AWS_SECRET_ACCESS_KEY: 'another' })).toContain(
        '(InvalidSignatureException)',
      );
      expect(await failed(call('get-connection', '--no-sign-request'))).toContain(
        '(MissingAuthenticationTokenException)',
      );

      const invoke = ['lambda', 'invoke', '--endpoint-url', deployment.endpoint, '--function-name', 'broadcast'];
      const payload = ['--payload', '{"data":{"title":"Grüße"},"topic":"of-awscli"}', join(folder, 'answer')];
      await listener.ask('subscribeToDeals', { topic: 'of-awscli' });
      expect((await aws([...invoke, ...payload])).stdout).toContain('"StatusCode": 200');
      expect(JSON.parse(readFileSync(join(folder, 'answer'), 'utf8'))).toMatchObject({ statusCode: 200 });
      expect((await listener.take(({ topic }) => topic === 'of-awscli')).data).toEqual({ title: 'Grüße' });
      expect((await aws([...invoke, '--invocation-type', 'Event', ...payload])).stdout).toContain('"StatusCode": 202');

      await aws(call('delete-connection'));
      await listener.closed;
      expect(await failed(call('get-connection'))).toContain('GoneException');
    },
    PYTHON_MS,
  );

  it('answers the SDK for JavaScript as AWS does', async () => {
    const { listener, connectionId } = await connect('of-sdk');
    const clientWith = (secretAccessKey: string) =>
      new ApiGatewayManagementApiClient({
        region: 'us-east-1',
        endpoint: `${deployment.endpoint}/prod`,
        credentials: { accessKeyId: KEY.id, secretAccessKey },
        maxAttempts: 1,
      });
    const client = clientWith(KEY.secret);
    const ConnectionId = connectionId;
    await client.send(new PostToConnectionCommand({ ConnectionId, Data: '{"type":"hello","data":{"by":"sdk"}}' }));
    expect((await listener.take(({ type }) => type === 'hello')).data).toEqual({ by: 'sdk' });
    const facts = await client.send(new GetConnectionCommand({ ConnectionId }));
    expect(facts.Identity?.SourceIp).toBe('127.0.0.1');
    expect(facts.ConnectedAt).toBeInstanceOf(Date);

    const refused = (name: string) => ({ name, $metadata: { httpStatusCode: 403 } });
    const get = new GetConnectionCommand({ ConnectionId });
    await expect(clientWith('another').send(get)).rejects.toMatchObject(refused('InvalidSignatureException'));
    const unsigned = clientWith(KEY.secret);
    // Before the bytes go: the signature is taken off.
    unsigned.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        for (const name of Object.keys(headers)) if (/^(?:authorization|x-amz-)/iu.test(name)) delete headers[name];
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(unsigned.send(get)).rejects.toMatchObject(refused('MissingAuthenticationTokenException'));

    const functions = new LambdaClient({
      region: 'us-east-1',
      endpoint: deployment.endpoint,
      credentials: { accessKeyId: KEY.id, secretAccessKey: KEY.secret },
      maxAttempts: 1,
    });
    const invoke = (payload: object, InvocationType: 'RequestResponse' | 'Event') =>
      functions.send(
        new InvokeCommand({ FunctionName: 'broadcast', InvocationType, Payload: Buffer.from(JSON.stringify(payload)) }),
      );
    const answer = await invoke({ data: { title: 'A deal' } }, 'RequestResponse');
    const { statusCode, body } = JSON.parse(answer.Payload?.transformToString() ?? '') as Record<string, never>;
    expect([answer.StatusCode, statusCode, JSON.parse(body as unknown as string)]).toEqual([
      200,
      200,
      expect.objectContaining({ broadcast: 'success' }),
    ]);
    expect((await invoke({ data: { title: 'A deal' } }, 'Event')).StatusCode).toBe(202);

    await client.send(new DeleteConnectionCommand({ ConnectionId }));
    await listener.closed;
    const gone = { name: 'GoneException', $metadata: { httpStatusCode: 410 } };
    await expect(client.send(get)).rejects.toMatchObject(gone);
    await expect(client.send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }))).rejects.toMatchObject(gone);
    await expect(client.send(new DeleteConnectionCommand({ ConnectionId }))).rejects.toMatchObject(gone);
    for (const each of [client, unsigned, functions]) each.destroy();
  }, 30_000);
});
