import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePort, freshFolder } from '../embedded.js';
import { RawClient } from '../raw-client.js';
import { Session } from '../session.js';
import { errorWith, onStartable, onTargets, str } from '../suite.js';
import { tokenFor } from '../tokens.js';

/** The lines of an output that hold all these words. */
const linesWith = (output: string, ...words: readonly string[]): readonly string[] =>
  output.split('\n').filter((line) => words.every((word) => line.includes(word)));

onStartable('Starting', (target, check) => {
  check(
    '[START-1] a wrong value stops the start with one line that names the variable',
    async () => {
      const wrong = {
        PORT: '99999',
        AIDEALS_MAX_CONNECTIONS: 'many',
        AIDEALS_TRUSTED_PROXIES: '10.0.0.0/33',
        JWT_ALGORITHM: 'none',
        AIDEALS_API_KEYS: 'no-colon',
      };
      const starts = Object.entries(wrong).map(async ([name, value]) => ({
        name,
        ...(await target.fail({ [name]: value })),
      }));
      for (const { name, code, output } of await Promise.all(starts)) {
        expect(code, `${name}: ${output}`).toBeGreaterThan(0);
        expect(linesWith(output, name), output).toHaveLength(1);
        expect(output).not.toMatch(/\n\s+at /);
      }
    },
    40_000,
  );

  check(
    '[START-1] an unknown AIDEALS_ name stops the start and the nearest right one is named',
    async () => {
      const { code, output } = await target.fail({ AIDEALS_MAX_CONECTIONS: '5' });
      expect(code).toBeGreaterThan(0);
      expect(linesWith(output, 'AIDEALS_MAX_CONECTIONS', 'AIDEALS_MAX_CONNECTIONS')).toHaveLength(1);
    },
    40_000,
  );

  check(
    '[START-2] a port that is taken stops the start with one line that names it',
    async () => {
      const port = await freePort();
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
      try {
        const { code, output } = await target.fail({ PORT: String(port) });
        expect(code).toBeGreaterThan(0);
        expect(linesWith(output, String(port)).length, output).toBeGreaterThanOrEqual(1);
        expect(output).not.toMatch(/\n\s+at /);
      } finally {
        holder.close();
      }
    },
    40_000,
  );

  check(
    '[START-3] a data folder that cannot be made stops the start with one line that names it',
    async () => {
      const folder = freshFolder();
      const file = join(folder, 'a-file');
      writeFileSync(file, 'not a folder');
      try {
        for (const path of [file, join(file, 'below')]) {
          const { code, output } = await target.fail({ AIDEALS_DATA_DIR: path });
          expect(code, output).toBeGreaterThan(0);
          expect(linesWith(output, path).length, output).toBeGreaterThanOrEqual(1);
          expect(output).not.toMatch(/\n\s+at /);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    40_000,
  );

  check(
    '[START-3] a data folder that holds something else is not taken over',
    async () => {
      const folder = freshFolder();
      mkdirSync(join(folder, 'data.mdb'), { recursive: true });
      try {
        const { code, output } = await target.fail({ AIDEALS_DATA_DIR: folder });
        expect(code, output).toBeGreaterThan(0);
        expect(output).not.toMatch(/\n\s+at /);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    40_000,
  );

  check(
    '[START-5] in production a missing or short secret stops the start',
    async () => {
      const secrets = [undefined, '', 'test-secret', 'x'.repeat(31)];
      const starts = secrets.map((JWT_SECRET) => target.fail({ NODE_ENV: 'production', JWT_SECRET }));
      for (const { code, output } of await Promise.all(starts)) {
        expect(code, output).toBeGreaterThan(0);
        expect(linesWith(output, 'JWT_SECRET').length, output).toBeGreaterThanOrEqual(1);
      }
    },
    40_000,
  );

  check(
    '[START-5] elsewhere a missing secret is made and a short one taken, and the log says so',
    async () => {
      const made = await target.start({ JWT_SECRET: undefined });
      const short = await target.start({ JWT_SECRET: 'test-secret' });
      try {
        expect(made.process?.output()).toContain('JWT_SECRET');
        expect((await made.call('GET', '/ws?token=a')).status).toBe(401);
        expect(short.process?.output()).toContain('JWT_SECRET');
        const session = await Session.open(short.url, 'a', { path: `/?token=${tokenFor('test-secret', 'a')}` });
        expect((await session.ask('ping')).type).toBe('pong');
        session.raw.destroy();
      } finally {
        await made.stop();
        await short.stop();
      }
    },
    40_000,
  );
});

onTargets('A server that runs', { env: {} }, (bench, check) => {
  check(
    '[START-4] a second server on the same data folder stops, and the first goes on',
    async () => {
      const session = await bench.openSettled();
      const folder = bench.server.process?.dataFolder ?? '';
      const { code, output } = await bench.target.fail({ AIDEALS_DATA_DIR: folder });
      expect(code, output).toBeGreaterThan(0);
      expect(linesWith(output, folder).length, output).toBeGreaterThanOrEqual(1);
      expect(output).not.toMatch(/\n\s+at /);
      expect((await session.ask('sendMessage', { recipientId: 'a', content: 'x' })).type).toBe('messageSent');
      await bench.publish(bench.topic(), { n: 1 });
    },
    40_000,
  );

  check('[START-6] the log holds no token, no key and no content', async () => {
    const token = bench.token(bench.user());
    const session = await bench.open({ path: `/ws?token=${token}` });
    const words = ['a-very-secret-word', 'another-secret-word', 'a-secret-deal', 'a-secret-title'];
    const [content = '', bad = '', deal = '', title = ''] = words;
    await session.ask('sendMessage', { recipientId: 'b', content });
    await session.askText(`{"action":"sendMessage","data":{"content":"${bad}`);
    await bench.publish(bench.topic(), { deal });
    await bench.notify('b', { title });
    const wrong = tokenFor('another secret of at least 32 bytes', 'b');
    await bench.dial({ path: `/ws?token=${wrong}` });
    await bench.dial({ path: '/', protocols: ['aideals.v1', `aideals.token.${wrong}`] });
    await bench.server.call('GET', `/nothing?token=${token}`);
    await session.ask('refreshToken', { token: wrong });
    await session.close();
    const key = bench.server.apiKeys?.admin ?? '';
    await bench.call('GET', '/v1/connections?userId=a', { token: key });
    const output = bench.server.process?.output() ?? '';
    for (const word of [...words, token, wrong, key, bench.server.secret]) expect(output).not.toContain(word);
  });

  check('[STOP-3] requests that are no HTTP end nothing', async () => {
    const { port } = bench.server.process ?? { port: 0 };
    const say = (text: string) =>
      new Promise<void>((resolve) => {
        const socket = connect({ port, host: '127.0.0.1' });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
        socket.resume();
        socket.end(text);
      });
    const texts = [
      '',
      '\r\n\r\n',
      'hello',
      '\u0016\u0003\u0001\u0002',
      'GET / HTTP/9.9\r\n\r\n',
      'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`,
      'POST /v1/broadcast HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a',
      'POST /v1/broadcast HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'GET /ws?token=%E0%A4%A HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      'GET http://[ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'GET // HTTP/1.1\r\nHost: [\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    ];
    for (const text of texts) await say(text);
    await bench.openSettled();
    expect((await bench.server.call('GET', '/readyz')).status).toBe(200);
  });
});

onTargets('Stopping', { env: {} }, (bench, check) => {
  check(
    '[STOP-1][PUSH-3][CLOSE-7][CONN-13] a server that is asked to stop says so, refuses new ones and ends with 0',
    async () => {
      const sessions = [await bench.openSettled(), await bench.openSettled(), await bench.openSettled()];
      const [first] = sessions;
      const own = bench.server.process;
      own?.signal('SIGTERM');
      const told = await Promise.all(sessions.map((session) => session.take('goAway')));
      for (const frame of told) {
        expect(frame.data).toEqual({ afterMs: expect.any(Number), spreadMs: expect.any(Number) });
      }
      const asked = first?.ask('getStatus').catch(() => undefined);
      const [refused, plain] = await Promise.all([
        RawClient.dial(bench.server.url, { path: `/?token=${bench.token(bench.user())}` }),
        bench.server.call('GET', '/readyz'),
      ]);
      expect(refused.head.status).toBe(503);
      expect(Number(refused.head.headers['retry-after'])).toBeGreaterThan(0);
      if (!refused.open) expect(JSON.parse(refused.body)).toEqual(errorWith('CONNECTION_ERROR'));
      expect(plain).toMatchObject({ status: 503, json: { status: expect.any(String), checks: expect.anything() } });
      expect((await asked)?.data['systemStatus']).toBe('draining');
      for (const session of sessions) expect([1001, 1012]).toContain((await session.closing(30_000)).code);
      expect(await own?.exited).toBe(0);
      await bench.restart('SIGTERM');
    },
    60_000,
  );

  check(
    '[STOP-1] it ends soon where its clients go',
    async () => {
      const session = await bench.openSettled();
      const own = bench.server.process;
      own?.signal('SIGTERM');
      await session.take('goAway');
      await session.close();
      expect(await own?.exited).toBe(0);
      await bench.restart('SIGTERM');
    },
    60_000,
  );

  check(
    '[STOP-2] a stop in the middle of publishing and sending loses nothing that was confirmed',
    async () => {
      const topic = bench.topic();
      const user = bench.user();
      const reader = await bench.open();
      const start = str(await reader.ask('subscribeToDeals', { topic }), 'lastEventId');
      const sender = await bench.openSettled();
      const ids: string[] = [];
      const messages: string[] = [];
      let stopped = false;
      const publishing = (async () => {
        while (!stopped) {
          const answer = await bench
            .call('POST', '/v1/broadcast', { body: { topic, data: {} } })
            .catch(() => undefined);
          if (answer?.status === 200) ids.push((answer.json as { id: string }).id);
          if (ids.length === 20) bench.server.process?.signal('SIGTERM');
        }
      })();
      const sending = (async () => {
        while (!stopped) {
          const answer = await sender.ask('sendMessage', { recipientId: user, content: 'x' }).catch(() => undefined);
          if (answer?.type === 'messageSent') messages.push(str(answer, 'messageId'));
          if (answer === undefined) break;
        }
      })();
      await bench.server.process?.exited;
      stopped = true;
      await Promise.all([publishing, sending]);
      await bench.restart('SIGTERM');
      const again = await bench.openSettled();
      const confirmed = await again.ask('subscribeToDeals', { topic, lastEventId: start });
      expect(confirmed.data['recovered']).toBe(true);
      await again.until(
        () => again.inbox.find((frame) => frame.type === 'subscriptionRecovered'),
        'the end of the replay',
      );
      const replayed = new Set(again.inbox.map((frame) => frame.id));
      expect(ids.length).toBeGreaterThanOrEqual(20);
      expect(ids.filter((id) => !replayed.has(id))).toEqual([]);
      const recipient = await bench.open({ user });
      const waiting = await recipient.takeMany('messageReceived', messages.length);
      const held = new Set(waiting.map((frame) => frame.data['messageId']));
      expect(messages.filter((id) => !held.has(id))).toEqual([]);
    },
    60_000,
  );
});
