import { expect } from 'vitest';
import { errorWith, httpError, str } from '../expectations.js';
import { onTargets } from '../suite.js';

onTargets('Administration', {}, (bench, check) => {
  const list = async (userId: string) => {
    const answer = await bench.call('GET', `/v1/connections?userId=${encodeURIComponent(userId)}`);
    expect(answer.status, answer.text).toBe(200);
    return (answer.json as { items: { connectionId: string; userId: string; connectedSince: number }[] }).items;
  };

  check('[HTTP-14] the connections of a user are listed', async () => {
    const session = await bench.openSettled({ user: `${bench.user()} ä/&` });
    const second = await bench.openSettled({ user: session.userId });
    const statuses = [await session.ask('getStatus'), await second.ask('getStatus')].map(({ data }) => ({
      connectionId: data['connectionId'],
      userId: data['userId'],
      connectedSince: data['connectedSince'],
    }));
    const items = await list(session.userId);
    expect(items).toHaveLength(2);
    expect(items).toEqual(expect.arrayContaining(statuses));
    expect(await list(bench.user())).toEqual([]);
    for (const path of ['/v1/connections', '/v1/connections?userId=', '/v1/connections?user=a']) {
      const answer = await bench.call('GET', path);
      expect(answer.status, path).toBe(400);
      expect(answer.json).toEqual(errorWith('VALIDATION_ERROR', 'query.userId'));
    }
  });

  check('[HTTP-15][CLOSE-9] a connection is closed with 4003', async () => {
    const session = await bench.openSettled();
    const bystander = await bench.openSettled({ user: session.userId });
    const id = str(await session.ask('getStatus'), 'connectionId');
    const path = `/v1/connections/${encodeURIComponent(id)}`;
    const answer = await bench.call('DELETE', path);
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect(await session.closing()).toMatchObject({ code: 4003 });
    expect(await list(session.userId)).toHaveLength(1);
    expect((await bystander.ask('ping')).type).toBe('pong');
    for (const gone of [path, '/v1/connections/nothing', '/v1/connections/__proto__']) {
      const missing = await bench.call('DELETE', gone);
      expect(missing.status, gone).toBe(404);
      expect(missing.json).toMatchObject(httpError);
    }
  });
});
