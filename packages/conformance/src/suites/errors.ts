import { expect } from 'vitest';
import { errorWith } from '../expectations.js';
import { onTargets } from '../suite.js';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** An id of the same form that was never given. */
const neighbour = (id: string): string => id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');

onTargets('Errors', {}, (bench, check) => {
  check('[ERR-1][ERR-2] an error has its shape over WebSocket and over HTTP', async () => {
    const session = await bench.openSettled();
    const codes = new Set<unknown>();
    const answers = [
      await session.ask('nothing'),
      await session.ask('unsubscribeFromDeals', { subscriptionId: 'x' }),
      await session.ask('sendMessage', { recipientId: 'room:x', content: 'a' }),
      await session.ask('refreshToken', { token: 'a' }),
      await session.ask('refreshToken', { token: bench.token('someone else') }),
      (await bench.server.call('GET', '/v1/connections?userId=a')).json,
      (await bench.call('POST', '/v1/broadcast', { body: '{' })).json,
      (await bench.call('GET', '/nothing')).json,
    ];
    for (const answer of answers) {
      const error = answer as { data: { code: unknown } };
      expect(error).toMatchObject({ type: 'error', data: { message: expect.any(String) } });
      expect(Number.isInteger((error as unknown as { timestamp: number }).timestamp)).toBe(true);
      codes.add(error.data.code);
    }
    const known = [
      'VALIDATION',
      'AUTHENTICATION',
      'AUTHORIZATION',
      'SUBSCRIPTION',
      'MESSAGE',
      'CONNECTION',
      'INTERNAL',
    ];
    const names = [...known.map((name) => `${name}_ERROR`), 'RATE_LIMIT_EXCEEDED'];
    for (const code of codes) expect(names).toContain(code);
    expect(codes.size).toBeGreaterThanOrEqual(5);
  });

  check('[ERR-3] every wrong field is named by its path from the root', async () => {
    const session = await bench.openSettled();
    expect(
      await session.ask('subscribeToDeals', {
        topic: 'a b',
        filters: { minDiscount: 'x', list: [] },
        lastEventId: '?',
      }),
    ).toEqual(
      errorWith('VALIDATION_ERROR', 'data.topic', 'data.filters.minDiscount', 'data.filters.list', 'data.lastEventId'),
    );
    expect(await session.ask('sendMessage', {})).toEqual(
      errorWith('VALIDATION_ERROR', 'data.recipientId', 'data.content'),
    );
    const one = await bench.call('POST', '/v1/broadcast', { body: { topic: 'a b', messageType: '7', data: [] } });
    expect(one.json).toEqual(errorWith('VALIDATION_ERROR', 'topic', 'messageType', 'data'));
    const list = await bench.call('POST', '/v1/broadcast', {
      body: [{ data: {} }, { data: {} }, {}, { topic: '', data: {} }],
    });
    expect(list.json).toEqual(errorWith('VALIDATION_ERROR', '2.data', '3.topic'));
  });

  check('[ERR-4] unknown and another user’s are told apart by no one', async () => {
    const owner = await bench.open();
    const stranger = await bench.open();
    const sent = await owner.ask('sendMessage', { recipientId: bench.user(), content: 'for another' });
    const theirs = String(sent.data['messageId']);
    const missing = neighbour(theirs);
    const answers = [];
    for (const messageId of [theirs, missing]) {
      const answer = await stranger.ask('notificationAck', { messageId });
      answers.push(JSON.stringify(answer.data).replaceAll(messageId, 'ID'));
    }
    expect(answers[0]).toBe(answers[1]);
    const notificationId = await bench.notify(owner.userId);
    const notices = [];
    for (const id of [notificationId, neighbour(notificationId)]) {
      const answer = await stranger.ask('notificationAck', { notificationId: id });
      notices.push(JSON.stringify(answer.data).replaceAll(id, 'ID'));
    }
    expect(notices[0]).toBe(notices[1]);
  });

  check('[ERR-5] no error shows the inside of the server', async () => {
    const session = await bench.openSettled();
    const frames = [
      '{',
      '{"action":"ping","data":7}',
      '{"action":"toString"}',
      nested(100),
      '{"action":"sendMessage"}',
    ];
    const texts: string[] = [];
    for (const text of frames) texts.push(JSON.stringify(await session.askText(text)));
    const calls = [
      bench.call('POST', '/v1/broadcast', { body: '{"a' }),
      bench.call('POST', '/v1/broadcast', { body: { data: 7 } }),
      bench.call('GET', '/../../etc/passwd'),
      bench.call('GET', '/%E0%A4%A'),
      bench.call('GET', '/v1/connections'),
      bench.call('DELETE', '/v1/connections/%00'),
      bench.call('DELETE', '/v1/connections/x', { body: '{"a":' }),
      bench.server.call('POST', '/v1/broadcast', { headers: { authorization: 'Bearer a.b.c' }, body: {} }),
    ];
    for (const answer of await Promise.all(calls)) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      texts.push(answer.text);
    }
    for (const text of texts) {
      expect(text).not.toMatch(/node_modules|node:|\.[jt]s\b|\bat [A-Z]|Error:|stack/);
      expect(text).not.toContain(bench.server.secret);
    }
  });
});
