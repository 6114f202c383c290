import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DynamoGate } from './dynamo-gate.js';

let server: Server;
let gate: DynamoGate;
let chance = 0.5;

beforeEach(async () => {
  server = createServer((call, answer) => {
    const chunks: Buffer[] = [];
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    call.once('end', () => {
      answer.writeHead(201, { 'x-target': String(call.headers['x-amz-target']) });
      answer.end(`${call.method} ${call.url} ${Buffer.concat(chunks)}`);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  gate = await DynamoGate.before({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, () => chance);
});

afterEach(async () => {
  await gate.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const put = () => fetch(gate.endpoint, { method: 'POST', body: '{"Item":1}', headers: { 'x-amz-target': 'PutItem' } });

describe('the gate before DynamoDB', () => {
  it('hands calls and answers on as they are', async () => {
    const answer = await put();
    expect([answer.status, answer.headers.get('x-target'), await answer.text()]).toEqual([
      201,
      'PutItem',
      'POST / {"Item":1}',
    ]);
  });

  it('refuses the share that it is told to, as DynamoDB does', async () => {
    gate.throttle(0.3);
    expect((await put()).status).toBe(201);
    chance = 0.2;
    const answer = await put();
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      __type: expect.stringMatching(/#ProvisionedThroughputExceededException$/u),
    });
    expect(gate.throttled).toBe(1);
  });

  it('breaks the link where nothing is behind it', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(put()).rejects.toThrow();
  });
});
