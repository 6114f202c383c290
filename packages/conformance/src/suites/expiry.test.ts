import { expect } from 'vitest';
import { errorWith, offsetOf, receivers } from '../expectations.js';
import { poll } from '../poll.js';
import type { Session } from '../session.js';
import { onTargets } from '../suite.js';
import { nowSeconds } from '../tokens.js';

const expired = (session: Session) =>
  poll(
    async () => {
      const answer = await session.ask('ping');
      return answer.type === 'error' ? answer : undefined;
    },
    'the token to expire',
    30_000,
  );

onTargets('Tokens that expire', { env: { AIDEALS_TOKEN_GRACE: '2' }, concurrent: true }, (bench, check) => {
  /** Seconds of a token that ends while it is looked at: as long as connecting takes, many at once. */
  const life = (): number => (bench.target.kind === 'serverless' ? 12 : 2);
  /** Nothing is started first when a token's time runs. */
  const warmUp = async (): Promise<void> => {
    if (bench.target.kind !== 'serverless') return;
    await (await bench.openSettled()).ask('subscribeToDeals', { topic: bench.topic() });
  };
  /** On serverless a connection is closed at the next sweep. */
  const patience = (): number | undefined => (bench.target.kind === 'serverless' ? 75_000 : undefined);

  check(
    '[AUTH-11][AUTH-12][CLOSE-8] an expired connection does and gets nothing, and is closed with 4001 after the grace time',
    async () => {
      await warmUp();
      const exp = nowSeconds() + life();
      const topic = bench.topic();
      const session = await bench.openSettled({ claims: { exp } });
      await session.ask('subscribeToDeals', { topic });
      const sender = await bench.open();
      expect(await expired(session)).toEqual(errorWith('AUTHENTICATION_ERROR'));
      expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
      const before = [
        session.send('getStatus'),
        session.send('sendMessage', { recipientId: sender.userId, content: 'no' }),
        session.send('subscribeToDeals', { topic }),
        session.send('refreshToken', {}),
        session.send('refreshToken', { token: 'abc' }),
        session.send('nonsense'),
      ];
      for (const id of before.slice(0, 5)) expect(await session.answer(id)).toEqual(errorWith('AUTHENTICATION_ERROR'));
      expect((await session.answer(before[5] ?? '')).type).toBe('error');
      await bench.publish(topic, { n: 1 });
      await bench.notify(session.userId);
      const sent = await sender.ask('sendMessage', { recipientId: session.userId, content: 'are you there' });
      expect(sent.data['status']).toBe('stored');
      expect((await session.ask('ping')).type).toBe('error');
      expect(session.inbox.filter((frame) => frame.type !== 'tokenExpiring')).toEqual([]);
      expect(sender.inbox).toEqual([]);
      expect(await session.closing(patience())).toMatchObject({ code: 4001 });
      expect(Date.now()).toBeGreaterThanOrEqual((exp + 2) * 1000 - 50);
    },
    100_000,
  );

  check(
    '[AUTH-14][AUTH-15] a refresh in the grace time lets the connection live, and what was kept back follows',
    async () => {
      await warmUp();
      const claims = { exp: nowSeconds() + life() };
      const topic = bench.topic();
      const session = await bench.openSettled({ claims });
      const unrefreshed = await bench.open({ user: session.userId, claims });
      await session.ask('subscribeToDeals', { topic, filters: { keep: true } });
      await bench.publish(topic, { n: 0, keep: true });
      await session.take('dealUpdate');
      await expired(session);
      for (let n = 1; n <= 3; n += 1) await bench.publish(topic, { n, keep: n !== 2 });
      const sender = await bench.open();
      await sender.ask('sendMessage', { recipientId: session.userId, content: 'while you were out' });
      const notificationId = await bench.notify(session.userId);
      const exp = nowSeconds() + 3600;
      const refreshed = await session.ask('refreshToken', { token: bench.token(session.userId, { exp }) });
      expect(refreshed).toMatchObject({ type: 'tokenRefreshed', data: { expiresAt: exp } });
      await bench.publish(topic, { n: 4, keep: true });
      const isServerless = bench.target.kind === 'serverless';
      if (isServerless) {
        // The log is read from a while before the end of the token, beside what comes live: ids tell what is known.
        const came = new Set<unknown>([0]);
        while (came.size < 4) came.add((await session.take('dealUpdate')).data['n']);
        expect([...came].toSorted()).toEqual([0, 1, 3, 4]);
      } else {
        const deals = await session.takeMany('dealUpdate', 3);
        expect(deals.map((deal) => deal.data['n'])).toEqual([1, 3, 4]);
      }
      expect((await session.take('messageReceived')).data['content']).toBe('while you were out');
      expect((await session.take('notification')).data['notificationId']).toBe(notificationId);
      expect(await unrefreshed.closing(patience())).toMatchObject({ code: 4001 });
      expect((await session.ask('ping')).type).toBe('pong');
      const more = (await session.untilPong()).filter((frame) => frame.type === 'dealUpdate');
      expect(isServerless ? more.filter(({ data }) => data['n'] === 2) : more).toEqual([]);
    },
    100_000,
  );

  check(
    '[AUTH-14] a connection that is refreshed in time misses nothing and is not closed',
    async () => {
      await warmUp();
      const claims = { exp: nowSeconds() + life() };
      const topic = bench.topic();
      const session = await bench.openSettled({ claims });
      const unrefreshed = await bench.open({ claims });
      expect((await session.ask('subscribeToDeals', { topic })).type).toBe('subscriptionConfirmed');
      await session.ask('refreshToken', { token: bench.token(session.userId) });
      await unrefreshed.closing(patience());
      expect(await bench.publish(topic, { n: 1 })).toMatchObject(receivers(bench, 1));
      expect((await session.take('dealUpdate')).data).toEqual({ n: 1 });
    },
    100_000,
  );

  check('[AUTH-13] tokenExpiring comes at once where less than a minute is left', async () => {
    const exp = nowSeconds() + 40;
    const session = await bench.open({ claims: { exp } });
    expect((await session.take('tokenExpiring')).data).toEqual({ expiresAt: exp });
    expect((await session.untilPong()).map((frame) => frame.type)).not.toContain('tokenExpiring');
  });

  check('[AUTH-13] tokenExpiring comes one minute before, and not sooner', async () => {
    const exp = nowSeconds() + 63;
    const session = await bench.openSettled({ claims: { exp } });
    const calm = await bench.openSettled();
    expect(session.inbox).toEqual([]);
    const told = await session.take('tokenExpiring');
    expect(told.data).toEqual({ expiresAt: exp });
    expect(Date.now()).toBeGreaterThanOrEqual((exp - 61) * 1000);
    expect(Date.now()).toBeLessThan((exp - 57) * 1000);
    expect(await calm.untilPong()).toEqual([]);
  });

  check('[AUTH-13] after a refresh it comes for the new token', async () => {
    const session = await bench.openSettled();
    const exp = nowSeconds() + 50;
    await session.ask('refreshToken', { token: bench.token(session.userId, { exp }) });
    expect((await session.take('tokenExpiring')).data).toEqual({ expiresAt: exp });
  });

  check('[PING-2][AUTH-15] a pong after the refresh never claims more than what was served', async () => {
    await warmUp();
    const topic = bench.topic();
    const session = await bench.openSettled({ claims: { exp: nowSeconds() + life() } });
    await session.ask('subscribeToDeals', { topic });
    await expired(session);
    const { id } = await bench.publish(topic, { n: 1 });
    session.send('refreshToken', { token: bench.token(session.userId) });
    const pong = await session.ask('ping');
    const served = session.inbox.some((frame) => frame.id === id);
    if (!served && pong.lastEventId !== undefined) expect(offsetOf(pong.lastEventId)).toBeLessThan(offsetOf(id));
    await session.take((frame) => frame.id === id);
  });
});
