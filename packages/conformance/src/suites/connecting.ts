import { deflateRawSync, constants as zlib } from 'node:zlib';
import { expect } from 'vitest';
import { errorWith, refusalOf } from '../expectations.js';
import { opcodes } from '../frame-codec.js';
import { onTargets } from '../suite.js';

onTargets('Connecting', {}, (bench, check) => {
  check('[CONN-1] upgrades are taken on / and /ws, with and without a query', async () => {
    for (const path of ['/', '/ws']) {
      const session = await bench.open({ path, headers: { Authorization: `Bearer ${bench.token(bench.user())}` } });
      expect((await session.ask('ping')).type).toBe('pong');
      const queried = await bench.open({ path: `${path}?x=1&token=${bench.token(bench.user())}` });
      expect((await queried.ask('ping')).type).toBe('pong');
    }
  });

  check('[CONN-1] Connection and Upgrade are read as HTTP says', async () => {
    const headers = { Connection: 'keep-alive, Upgrade', Upgrade: 'WebSocket' };
    expect((await (await bench.open({ headers })).ask('ping')).type).toBe('pong');
  });

  check('[CONN-1] any other path is 404', async () => {
    for (const path of ['/other', '/ws/more', '/v1/broadcast', '/healthz', '/%77%73x', '//ws']) {
      const refused = refusalOf(await bench.dial({ path: `${path}?token=${bench.token(bench.user())}` }));
      expect(refused.status, path).toBe(404);
    }
  });

  check('[CONN-2] another version of WebSocket is 426 and names 13', async () => {
    for (const version of ['8', '12', '14', 'x']) {
      const refused = refusalOf(await bench.dial({ headers: { 'Sec-WebSocket-Version': version } }));
      expect(refused.status, version).toBe(426);
      expect(refused.headers['sec-websocket-version']).toBe('13');
      expect(refused.headers['upgrade']?.toLowerCase()).toBe('websocket');
    }
  });

  check('[CONN-2] a missing or malformed key is 400', async () => {
    for (const key of [null, '', 'short', 'not base64 at all!!!!!!!']) {
      const refused = refusalOf(await bench.dial({ headers: { 'Sec-WebSocket-Key': key } }));
      expect(refused.status, String(key)).toBe(400);
    }
  });

  check('[CONN-3] a plain GET /ws says what the upgrade would have said, and 426 in place of 101', async () => {
    const token = bench.token(bench.user());
    const good = await bench.server.call('GET', `/ws?token=${token}`);
    expect(good.status).toBe(426);
    expect(good.headers['upgrade']?.toLowerCase()).toBe('websocket');
    expect((await bench.server.call('GET', '/ws', { token })).status).toBe(426);
    const none = await bench.server.call('GET', '/ws');
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(none.json).toEqual(errorWith('AUTHENTICATION_ERROR'));
    expect((await bench.server.call('GET', '/ws?token=a.b.c')).status).toBe(401);
  });

  check('[CONN-4][ERR-1] a refused upgrade carries the error as its body', async () => {
    const unauthorised = refusalOf(await bench.dial({ path: '/' }));
    expect(unauthorised.status).toBe(401);
    expect(unauthorised.json).toEqual(errorWith('AUTHENTICATION_ERROR'));
    expect(unauthorised.headers['content-type']).toMatch(/^application\/json/);
    for (const options of [{ path: '/other' }, { headers: { 'Sec-WebSocket-Version': '8' } }]) {
      expect(refusalOf(await bench.dial(options)).json).toMatchObject({
        type: 'error',
        data: { code: expect.any(String), message: expect.any(String) },
        timestamp: expect.any(Number),
      });
    }
  });

  check('[CONN-5] aideals.v1 is selected wherever it stands, and no token is echoed', async () => {
    const token = bench.token(bench.user());
    const lists = [
      ['aideals.v1', `aideals.token.${token}`],
      [`aideals.token.${token}`, 'aideals.v1'],
      ['chat', `aideals.token.${token}`, 'json', 'aideals.v1'],
    ];
    for (const protocols of lists) {
      const { head } = await bench.open({ path: '/', protocols });
      expect(head.headers['sec-websocket-protocol']).toBe('aideals.v1');
      expect(JSON.stringify(head.headers)).not.toContain(token);
    }
    expect((await bench.open({ protocols: ['aideals.v1'] })).head.headers['sec-websocket-protocol']).toBe('aideals.v1');
  });

  check('[CONN-6] a token protocol without aideals.v1 is 400 and says so', async () => {
    const protocols = [`aideals.token.${bench.token(bench.user())}`];
    const refused = refusalOf(await bench.dial({ path: '/', protocols }));
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.json)).toContain('aideals.v1');
    expect(JSON.stringify(refused.json)).not.toContain(protocols[0]);
  });

  check('[CONN-7] other subprotocols are ignored, and none is selected', async () => {
    const { head } = await bench.open({ protocols: ['graphql-ws', 'aideals.v2'] });
    expect(head.headers['sec-websocket-protocol']).toBeUndefined();
  });

  check('[CONN-8][CLOSE-12] a newer connection of the same user and client takes over', async () => {
    const user = bench.user();
    const older = await bench.openSettled({ user, client: 'tab_1-a' });
    const bystanders = [
      await bench.openSettled({ user }),
      await bench.openSettled({ user, client: 'tab_2' }),
      await bench.openSettled({ client: 'tab_1-a' }),
    ];
    const newer = await bench.open({ user, client: 'tab_1-a' });
    expect(await older.closing()).toMatchObject({ code: 4010 });
    for (const session of [...bystanders, newer]) expect((await session.ask('ping')).type).toBe('pong');
  });

  check('[CONN-8] a client name that is malformed is 400', async () => {
    for (const client of ['', 'a%20b', 'a.b', 'x'.repeat(65), '%C3%A4']) {
      const refused = refusalOf(await bench.dial({ client }));
      expect(refused.status, client).toBe(400);
      expect(refused.json, client).toEqual(errorWith('VALIDATION_ERROR', 'query.client'));
    }
    await bench.open({ client: 'x'.repeat(64) });
  });

  check('[CONN-14][FRAME-4] nothing is compressed that was not offered', async () => {
    const session = await bench.open();
    expect(session.head.headers['sec-websocket-extensions']).toBeUndefined();
    expect((await session.ask('getStatus')).type).toBe('statusUpdate');
    expect(session.raw.violations).toEqual([]);
    expect(session.raw.frames.every((frame) => frame.fin && !frame.rsv1 && !frame.masked)).toBe(true);
  });

  check(
    '[CONN-14][LIMIT-1] with permessage-deflate messages arrive, and a small one that unfolds past the limit is 1009',
    async () => {
      const offer = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover';
      const session = await bench.openSettled({ headers: { 'Sec-WebSocket-Extensions': offer } });
      const topic = bench.topic();
      await session.ask('subscribeToDeals', { topic });
      const text = 'a deal that repeats itself '.repeat(2000);
      await bench.publish(topic, { text });
      expect((await session.take('dealUpdate')).data).toEqual({ text });
      if (session.head.headers['sec-websocket-extensions'] === undefined) return;
      const squeeze = (message: string) => deflateRawSync(message, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4);
      session.raw.send({
        opcode: opcodes.text,
        rsv1: true,
        payload: squeeze('{"action":"ping","requestId":"squeezed"}'),
      });
      expect((await session.answer('squeezed')).type).toBe('pong');
      session.raw.send({ opcode: opcodes.text, rsv1: true, payload: squeeze(`{"pad":"${'0'.repeat(20_000_000)}"}`) });
      expect(await session.closing()).toMatchObject({ code: 1009 });
    },
  );
});
