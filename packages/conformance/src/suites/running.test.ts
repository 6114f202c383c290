import { connect } from 'node:net';
import { expect } from 'vitest';
import { linesWith } from '../expectations.js';
import { Session } from '../session.js';
import { onEmbedded, onTargets } from '../suite.js';
import { tokenFor } from '../tokens.js';

onTargets('A server that runs', { env: { AIDEALS_LOG_LEVEL: 'trace' } }, (bench, check) => {
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

onEmbedded('The data folder of a server that runs', (target, check) => {
  check(
    '[START-4] a second server on the same data folder stops, and the first goes on',
    async () => {
      const server = await target.start();
      try {
        const session = await Session.open(server.url, 'b', { path: `/?token=${tokenFor(server.secret, 'b')}` });
        const folder = server.process?.dataFolder ?? '';
        const { code, output } = await target.fail({ AIDEALS_DATA_DIR: folder });
        expect(code, output).toBeGreaterThan(0);
        expect(linesWith(output, folder).length, output).toBeGreaterThanOrEqual(1);
        expect(output).not.toMatch(/\n\s+at /);
        expect((await session.ask('sendMessage', { recipientId: 'a', content: 'x' })).type).toBe('messageSent');
        const body = { topic: 'a-topic', data: { n: 1 } };
        const token = tokenFor(server.secret, 'c', { scope: 'publish' });
        expect((await server.call('POST', '/v1/broadcast', { body, token })).status).toBe(200);
        session.raw.destroy();
      } finally {
        await server.stop();
      }
    },
    40_000,
  );
});
