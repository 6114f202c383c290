import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { dynamoRequests } from './requests.js';

let server: Server;
let requests: ReturnType<typeof dynamoRequests>;
afterEach(async () => {
  requests.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Asked {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** A service that answers as it is told, and keeps what it was asked; undefined is no answer at all. */
const serve = async (answer: { readonly status?: number; readonly body: object | string } | undefined) => {
  const asked: Asked[] = [];
  server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    asked.push({ headers: request.headers, body: JSON.parse(text) });
    if (answer === undefined) return;
    const { status = 200, body } = answer;
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const region = 'eu-west-1';
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' };
  const base = new DynamoDBClient({ region, endpoint, credentials });
  requests = dynamoRequests({ base, region, endpoint, timeoutMs: 200 });
  return asked;
};

const signal = new AbortController().signal;
const TableName = 'table';

describe('a request of DynamoDB', () => {
  it('is signed, and has its values as the wire has them', async () => {
    const asked = await serve({ body: { Attributes: { n: { N: '2' }, list: { L: [{ S: 'a' }, { NULL: true }] } } } });
    const given = await requests.send(
      'PutItem',
      {
        ...{ TableName, Item: { pk: 'p', n: 1, b: true, list: ['x', null], gone: undefined } },
        ExpressionAttributeValues: { ':v': 2 },
        ConditionExpression: undefined,
      },
      signal,
    );
    expect(given).toEqual({ Attributes: { n: 2, list: ['a', null] } });
    expect(asked).toEqual([
      {
        headers: expect.objectContaining({
          'x-amz-target': 'DynamoDB_20120810.PutItem',
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-security-token': 'session',
          authorization: expect.stringMatching(
            /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/dynamodb\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$/u,
          ),
        }),
        body: {
          TableName,
          Item: { pk: { S: 'p' }, n: { N: '1' }, b: { BOOL: true }, list: { L: [{ S: 'x' }, { NULL: true }] } },
          ExpressionAttributeValues: { ':v': { N: '2' } },
        },
      },
    ]);
  });

  it('that is a batch gives back what was left undone as it came', async () => {
    const left = {
      [TableName]: [{ PutRequest: { Item: { pk: { S: 'a' } } } }, { DeleteRequest: { Key: { pk: { S: 'b' } } } }],
    };
    const asked = await serve({ body: { UnprocessedItems: left } });
    const RequestItems = {
      [TableName]: [{ PutRequest: { Item: { pk: 'a' } } }, { DeleteRequest: { Key: { pk: 'b' } } }],
    };
    expect(await requests.send('BatchWriteItem', { RequestItems }, signal)).toEqual({ UnprocessedItems: RequestItems });
    expect(asked[0]?.body).toEqual({ RequestItems: left });
  });

  it('that reads many by their keys gives items by table', async () => {
    const keys = { Keys: [{ pk: { S: 'a' } }], ConsistentRead: true };
    const asked = await serve({
      body: { Responses: { [TableName]: [{ n: { N: '1' } }] }, UnprocessedKeys: { [TableName]: keys } },
    });
    const RequestItems = { [TableName]: { Keys: [{ pk: 'a' }], ConsistentRead: true } };
    expect(await requests.send('BatchGetItem', { RequestItems }, signal)).toEqual({
      Responses: { [TableName]: [{ n: 1 }] },
      UnprocessedKeys: RequestItems,
    });
    expect(asked[0]?.body).toEqual({ RequestItems: { [TableName]: keys } });
  });

  it.each([
    [
      {
        status: 400,
        body: { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', message: 'no' },
      },
      { name: 'ConditionalCheckFailedException', message: 'no', $metadata: { httpStatusCode: 400 } },
    ],
    [
      { status: 400, body: { __type: 'com.amazon.coral.validate#ValidationException', Message: 'wrong' } },
      { name: 'ValidationException', message: 'wrong' },
    ],
    [
      { status: 503, body: '<html>' },
      { name: 'UnknownError', message: '<html>', $metadata: { httpStatusCode: 503 } },
    ],
    [undefined, { name: 'TimeoutError' }],
  ])('that is answered with %j rejects as the SDK does', async (answer, error) => {
    await serve(answer);
    await expect(requests.send('GetItem', { TableName, Key: { pk: 'p' } }, signal)).rejects.toMatchObject(error);
  });
});
