import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aideals } from '../testing/command-line.js';

describe('aideals dynamodb', () => {
  let server: Server;
  let endpoint: string;
  beforeAll(async () => {
    server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('names what is missing, makes it, and finds it fit', async () => {
    const env = { AWS_ENDPOINT_URL_DYNAMODB: endpoint, AIDEALS_TABLE: 'Deals' };
    const before = await aideals(['dynamodb', 'check'], env);
    expect([before.code, before.stdout]).toEqual([1, '']);
    expect(before.stderr).toMatch(
      /^aideals: CONNECTIONS_TABLE: the table WebSocketConnections does not exist; `aideals dynamodb create` makes it/u,
    );
    const made = await aideals(['dynamodb', 'create'], env);
    expect(made.code).toBe(0);
    expect(made.stdout.split('\n').slice(0, 3)).toEqual([
      `created: WebSocketConnections (${endpoint})`,
      `created: WebSocketSubscriptions (${endpoint})`,
      `created: Deals (${endpoint})`,
    ]);
    const after = await aideals(['dynamodb', 'check'], env);
    expect([after.code, after.stderr]).toEqual([0, '']);
    expect(after.stdout).toContain('fit: Deals');
  });

  it('names the variable that is wrong, and an endpoint where nothing answers', async () => {
    const wrong = await aideals(['dynamodb', 'check'], { AWS_REGION: 'eu-central-1', AIDEALS_TABLE: 'no name' });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^aideals: AIDEALS_TABLE: no name is no table name/u);
    const nowhere = await aideals(['dynamodb', 'check'], { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' });
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toMatch(/DynamoDB \(http:\/\/127\.0\.0\.1:9\) failed: .*ECONNREFUSED/u);
  });
});
