import { expect } from 'vitest';
import { errorWith } from '../expectations.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

onTargets('Envelope', {}, (bench, check) => {
  check('[ENV-1][ERR-6] text that is no JSON object is refused, and the connection lives on', async () => {
    const session = await bench.openSettled();
    const texts = [
      '',
      ' ',
      'hello',
      '{',
      '{"action":"ping"',
      "{'action':'ping'}",
      '{"action":"ping"}}',
      '[]',
      '"ping"',
    ];
    for (const text of [...texts, '7', 'null', 'true', '[{"action":"ping"}]', '\ufeff{', '\u0000', 'NaN']) {
      const answer = await session.askText(text);
      expect(answer, JSON.stringify(text)).toEqual(errorWith('VALIDATION_ERROR'));
      expect(answer.requestId).toBeUndefined();
    }
    expect((await session.ask('ping')).type).toBe('pong');
  });

  check('[ENV-2] a server frame has type, data and the time in whole seconds', async () => {
    const session = await bench.openSettled();
    const before = nowSeconds();
    const pong = await session.ask('ping', {});
    expect(pong).toMatchObject({ type: 'pong', data: {} });
    expect(Number.isInteger(pong.timestamp)).toBe(true);
    expect(pong.timestamp).toBeGreaterThanOrEqual(before - 1);
    expect(pong.timestamp).toBeLessThanOrEqual(nowSeconds() + 1);
  });

  check('[ENV-3] requestId is echoed when given and absent when not', async () => {
    const session = await bench.openSettled();
    for (const requestId of ['a', 'x'.repeat(128), 'ä ö "quoted" \\ / \n', '😀', '__proto__']) {
      expect((await session.askText(JSON.stringify({ action: 'ping', requestId }))).requestId).toBe(requestId);
      const error = await session.askText(JSON.stringify({ action: 'nothing', requestId }));
      expect(error).toMatchObject({ type: 'error', requestId });
    }
    expect(await session.askText('{"action":"ping"}')).not.toHaveProperty('requestId');
    expect(await session.askText('{"action":"nothing"}')).not.toHaveProperty('requestId');
  });

  check('[ENV-3] a malformed requestId is refused and not echoed', async () => {
    const session = await bench.openSettled();
    for (const requestId of ['', 'x'.repeat(129), 7, null, {}, ['a'], true]) {
      const answer = await session.askText(JSON.stringify({ action: 'ping', requestId }));
      expect(answer, JSON.stringify(requestId)).toEqual(errorWith('VALIDATION_ERROR', 'requestId'));
      expect(answer).not.toHaveProperty('requestId');
    }
  });

  check('[ENV-4] action is a string', async () => {
    const session = await bench.openSettled();
    for (const frame of [{}, { action: 7 }, { action: null }, { action: ['ping'] }, { action: { a: 1 } }]) {
      const answer = await session.askText(JSON.stringify({ ...frame, requestId: 'r' }));
      expect(answer, JSON.stringify(frame)).toEqual(errorWith('VALIDATION_ERROR', 'action'));
      expect(answer.requestId).toBe('r');
    }
  });

  check('[ENV-5] an unknown action is refused by name', async () => {
    const session = await bench.openSettled();
    const names = ['pings', 'Ping', 'PING', ' ping', 'subscribe', '$default', '$connect', '$disconnect'];
    for (const action of [...names, 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__', '']) {
      const answer = await session.ask(action, {});
      expect(answer, action).toEqual(errorWith('VALIDATION_ERROR'));
      expect(answer.data['message']).toMatch(/^Unknown action: /);
      if (action !== '') expect(answer.data['message']).toContain(action);
    }
  });

  check('[ENV-6] data is an object, or left out', async () => {
    const session = await bench.openSettled();
    expect((await session.askText('{"action":"ping"}')).type).toBe('pong');
    for (const data of [null, [], 'x', 7, true, [{}]]) {
      const answer = await session.askText(JSON.stringify({ action: 'ping', data }));
      expect(answer, JSON.stringify(data)).toEqual(errorWith('VALIDATION_ERROR', 'data'));
    }
  });

  check('[ENV-7] unknown fields of the envelope are ignored', async () => {
    const session = await bench.openSettled();
    const frame = { action: 'ping', data: {}, version: 2, type: 'pong', timestamp: 'x', topic: [], id: null };
    expect((await session.askText(JSON.stringify(frame))).type).toBe('pong');
  });

  check('[ENV-8] subscribeToDeals refuses unknown fields and names the nearest known one', async () => {
    const session = await bench.openSettled();
    const cases = { filter: 'filters', topics: 'topic', lastEventID: 'lastEventId', Filters: 'filters' };
    for (const [wrong, right] of Object.entries(cases)) {
      const answer = await session.ask('subscribeToDeals', { [wrong]: 'a' });
      expect(answer, wrong).toEqual(errorWith('VALIDATION_ERROR', `data.${wrong}`));
      expect(JSON.stringify(answer.data), wrong).toContain(`${right}?`);
    }
    const answer = await session.ask('subscribeToDeals', { zzzzzzzz: 1 });
    expect(answer).toEqual(errorWith('VALIDATION_ERROR', 'data.zzzzzzzz'));
    expect((await session.ask('getStatus')).data['subscriptions']).toEqual([]);
  });

  check('[ENV-8] the other actions ignore unknown fields', async () => {
    const session = await bench.openSettled();
    expect((await session.ask('ping', { anything: [1] })).type).toBe('pong');
    expect((await session.ask('getStatus', { filter: 1 })).type).toBe('statusUpdate');
    expect((await session.ask('unsubscribeFromDeals', { topics: 'x' })).type).toBe('unsubscriptionConfirmed');
    const message = { recipientId: bench.user(), content: 'hi', priority: 'high' };
    expect((await session.ask('sendMessage', message)).type).toBe('messageSent');
  });

  check('[ENV-9] nesting past 64 levels is refused, however deep and wherever', async () => {
    const session = await bench.openSettled();
    expect((await session.askText(`{"action":"ping","data":{"a":${nested(60)}}}`)).type).toBe('pong');
    const texts = [
      `{"action":"ping","data":{"a":${nested(65)}}}`,
      `{"action":"ping","extra":${nested(70)}}`,
      `{"action":"ping","data":{"a":${nested(60_000)}}}`,
      nested(60_000),
      `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
      '['.repeat(120_000),
    ];
    for (const text of texts) {
      expect(await session.askText(text), text.slice(0, 40)).toEqual(errorWith('VALIDATION_ERROR'));
    }
    expect((await session.askText(JSON.stringify({ action: 'ping', data: { a: nested(100) } }))).type).toBe('pong');
  });

  check('[ENV-9][ENV-10] the same holds for bodies over HTTP', async () => {
    const bodies = [
      `{"data":{"a":${nested(70)}}}`,
      `{"data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
      '{"data":{"__proto__":{"price":1}}}',
      '{"data":{"list":[{"constructor":{"prototype":{"a":1}}}]}}',
      '{"data":{},"filters":{"__proto__":{"discount":90}}}',
      '{"data":{},"__proto__":{"topic":"x"}}',
    ];
    for (const body of bodies) {
      const answer = await bench.call('POST', '/v1/broadcast', { body });
      expect(answer.status, body.slice(0, 60)).toBe(400);
      expect(answer.json).toEqual(errorWith('VALIDATION_ERROR'));
    }
    const fine = await bench.call('POST', '/v1/broadcast', { body: `{"data":{"a":${nested(50)}}}` });
    expect(fine.status).toBe(200);
  });

  check('[ENV-10] a key that would reach a prototype is refused, however it is hidden', async () => {
    const session = await bench.openSettled();
    const texts = [
      '{"action":"ping","data":{"__proto__":{"admin":true}}}',
      '{"action":"ping","__proto__":{"data":{}}}',
      '{"action":"ping","data":{"\\u005f_proto__":1}}',
      '{"action":"ping","data":{"__pro\\u0074o__":null}}',
      '{"action":"ping","data":{"a":[[{"__proto__":[]}]]}}',
      '{"action":"ping","data":{"constructor":{"prototype":{"a":1}}}}',
      '{"action":"ping","data":{"a":{"c\\u006fnstructor":{"x":1,"prototype":null}}}}',
      '{"action":"subscribeToDeals","data":{"filters":{"__proto__":"x"}}}',
      '{"__proto__":{"action":"ping"}}',
    ];
    for (const text of texts) {
      expect(await session.askText(text), text).toEqual(errorWith('VALIDATION_ERROR'));
    }
    const harmless = [
      '{"action":"ping","data":{"constructor":"Ford","prototype":"car"}}',
      '{"action":"ping","data":{"a":"__proto__","text":"\\"__proto__\\":1"}}',
      '{"action":"ping","data":{"constructor":{"name":"x"}}}',
    ];
    for (const text of harmless) expect((await session.askText(text)).type, text).toBe('pong');
  });

  check('[ENV-11] only an event of the log carries topic and id', async () => {
    const session = await bench.openSettled();
    const topic = bench.topic();
    const sender = await bench.open();
    const frames = [await session.ask('subscribeToDeals', { topic }), await session.ask('ping')];
    await bench.notify(session.userId);
    await sender.ask('sendMessage', { recipientId: session.userId, content: 'hi' });
    frames.push(await session.take('notification'), await session.take('messageReceived'));
    for (const frame of frames) {
      expect(frame).not.toHaveProperty('topic');
      expect(frame).not.toHaveProperty('id');
    }
    const { id } = await bench.publish(topic, { a: 1 });
    expect(await session.take('dealUpdate')).toMatchObject({ topic, id });
  });
});
