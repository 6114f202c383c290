import { expect } from 'vitest';
import { errorWith, str } from '../expectations.js';
import { RawClient } from '../raw-client.js';
import { onTargets } from '../suite.js';

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
