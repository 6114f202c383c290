import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionNames } from '@aideals/local-gateway';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { aideals, clean, start } from '../testing/command-line.js';

afterEach(clean);

let bundles: string;

const write = (name: string, answer: string): void => {
  mkdirSync(join(bundles, name), { recursive: true });
  writeFileSync(join(bundles, name, 'index.mjs'), `export const handler = async (event) => (${answer});`);
};

beforeAll(() => {
  bundles = mkdtempSync(join(tmpdir(), 'aideals-bundles-'));
  for (const name of Object.values(functionNames)) write(name, '{ statusCode: 200 }');
  write(functionNames.http, '{ statusCode: 200, body: process.env.CONNECTIONS_TABLE }');
  write(functionNames.default, '{ statusCode: 200, body: "heard " + event.body }');
});
afterAll(() => rmSync(bundles, { recursive: true }));

describe('aideals gateway', () => {
  it('runs functions behind an API, anew when their code changes, and ends at Ctrl-C', async () => {
    const running = start(['gateway', '--port', '0', '--bundles', bundles]);
    const [, url = ''] = await running.seen('stdout', /^aideals is ready, as it is on AWS, at (http:\S+)$/mu);
    const [, client = ''] = await running.seen('stdout', /^ {2}a client +(ws:\S+)$/mu);
    await running.seen('stdout', /Ctrl-C/u);
    expect(await (await fetch(url)).text()).toBe('WebSocketConnections');

    const socket = new WebSocket(client);
    const heard = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
    socket.once('open', () => socket.send('hello'));
    expect(await heard).toBe('heard hello');
    socket.terminate();

    write(functionNames.http, '{ statusCode: 200, body: "new" }');
    await running.seen('stdout', /^aideals-http: new code$/mu);
    expect(await (await fetch(url)).text()).toBe('new');

    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
  });

  it('says how to make what it runs, where that is not there', async () => {
    const end = await aideals(['gateway', '--port', '0', '--bundles', join(bundles, 'none')]);
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/^aideals: .+ is missing: run "npm run bundle -w @aideals\/lambda", or name a folder/u);
  });

  it.each([
    ['--port', '70000'],
    ['--stage', 'a/b'],
    ['--lose-disconnects', '2'],
    ['--seed', 'x'],
  ])('refuses %s %s', async (option, value) => {
    const end = await aideals(['gateway', option, value]);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(option);
  });
});
