import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEvent, messageEvent } from './testing/events.js';
import { type LocalAws, startLocalAws } from './testing/local-aws.js';

const SCRIPT = fileURLToPath(new URL('../scripts/bundle.mjs', import.meta.url));

/** Milliseconds of processor from the import of a bundle to the answer to its first event. */
const MOST_MS = 250;

let folder: string;
let aws: LocalAws;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aideals-bundles-'));
  aws = await startLocalAws();
  // Fails where a bundle is over a megabyte.
  await promisify(execFile)(process.execPath, [SCRIPT, '--out', folder]);
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true });
});

/** A process as Lambda starts one, told its event on stdin. */
const MAIN = `
  const event = JSON.parse(await new Response(process.stdin).text());
  const before = process.cpuUsage();
  const { handler } = await import(process.argv[1]);
  const result = await handler(event, { awsRequestId: 'r', getRemainingTimeInMillis: () => 29_000 });
  const { user, system } = process.cpuUsage(before);
  process.send({ ms: (user + system) / 1000, result });
  process.disconnect();
`;

interface Ran {
  readonly ms: number;
  readonly result: { readonly statusCode?: number; readonly body?: string } | undefined;
}

const run = (name: string, event: object): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const file = pathToFileURL(join(folder, name, 'index.mjs')).href;
    const { AWS_REGION: _, AWS_ENDPOINT_URL_LAMBDA: __, ...env } = aws.env;
    const child = spawn(process.execPath, ['--input-type=module', '-e', MAIN, file], {
      env: { ...env, PATH: process.env['PATH'] },
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
    });
    child.once('message', (ran) => resolve(ran as Ran));
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} before it answered`)));
    child.stdin?.end(JSON.stringify(event));
  });

const events: Readonly<Record<string, { readonly event: object; readonly statusCode: number | undefined }>> = {
  'aideals-websocket-connect': { event: connectEvent(), statusCode: 200 },
  'aideals-websocket-disconnect': { event: messageEvent('c', '', '$disconnect'), statusCode: 200 },
  'aideals-websocket-default': { event: messageEvent('c', '{"action":"ping"}'), statusCode: 200 },
  'aideals-websocket-message': { event: messageEvent('c', '{"action":"ping"}'), statusCode: 200 },
  'aideals-websocket-subscription': { event: messageEvent('c', '{"action":"ping"}'), statusCode: 200 },
  broadcast: { event: { messageType: 'dealUpdate', data: { n: 1 } }, statusCode: 200 },
  'aideals-http': {
    event: { rawPath: '/healthz', requestContext: { http: { method: 'GET', sourceIp: '192.0.2.1' } } },
    statusCode: 200,
  },
  'aideals-sweep': { event: {}, statusCode: undefined },
};

it('are made for each function', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(events).sort());
});

const token = (): Promise<string> =>
  new SignJWT({ sub: 'ann' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(aws.env['JWT_SECRET']));

it.each(Object.entries(events))('start from cold in time: %s', async (name, { event: given, statusCode }) => {
  const event = name.endsWith('-connect')
    ? { ...given, queryStringParameters: { token: await token() }, multiValueQueryStringParameters: null }
    : given;
  const first = await run(name, event);
  expect(first.result?.statusCode).toBe(statusCode);
  // A processor that is shared with others counts some of what they do.
  const { ms } = first.ms < MOST_MS ? first : await run(name, event);
  expect(ms).toBeLessThan(MOST_MS);
});
