import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freshFolder } from '../embedded.js';
import { epochOf, offsetOf } from '../expectations.js';
import { poll } from '../poll.js';
import { events, position, replay } from '../replaying.js';
import { Session } from '../session.js';
import { onTargets } from '../suite.js';
import { tokenFor } from '../tokens.js';

onTargets('The log across a restart', { env: {} }, (bench, check) => {
  check('[LOG-12][HTTP-8] what was confirmed survives a kill, and an id from before it resumes', async () => {
    const topic = bench.topic();
    const start = await position(bench);
    const published = await bench.publishMany(events(topic, 50));
    for (let n = 50; n < 60; n += 1) published.push(await bench.publish(topic, { n }));
    await bench.restart('SIGKILL');
    const after = await bench.publish(topic, { n: 60 });
    expect(offsetOf(after.id)).toBe(offsetOf(published.at(-1)?.id) + 1);
    const session = await bench.openSettled();
    const { confirmed, ids } = await replay(session, { topic, lastEventId: start });
    expect(confirmed.data).toMatchObject({ recovered: true });
    if (!session.resumesEarlier) expect(confirmed.data['lastEventId']).toBe(start);
    expect(ids).toEqual([...published, after].map(({ id }) => id));
    const middle = await replay(session, { topic, lastEventId: published[30]?.id ?? '', filters: {} });
    expect(middle.ids).toHaveLength(30);
  });

  check(
    '[LOG-8][LOG-12] after a clean stop the same, and an id past the end of the earlier epoch is lost',
    async () => {
      const topic = bench.topic();
      const before = await bench.publish(topic, { n: 0 });
      await bench.restart('SIGTERM');
      const after = await bench.publishMany(events(topic, 3, 1));
      const session = await bench.openSettled();
      const resumed = await replay(session, { topic, lastEventId: before.id });
      expect(resumed.confirmed.data['recovered']).toBe(true);
      expect(resumed.ids).toEqual(after.map(({ id }) => id));
      if (epochOf(before.id) === epochOf(after[0]?.id ?? '')) throw new Error('a start opens no epoch');
      const past = `${epochOf(before.id)}-${offsetOf(before.id) + 2}`;
      const lost = await replay(session, { topic, filters: { n: 2 }, lastEventId: past });
      expect(lost.confirmed.data).toMatchObject({ recovered: false, lost: { reason: 'epoch' } });
      expect(lost.ids).toEqual([after[1]?.id]);
    },
  );

  check('[LOG-8] a log that was restored from a backup says so', async () => {
    const own = bench.server.process;
    if (own === undefined) throw new Error('this target has no data folder');
    const topic = bench.topic();
    const kept = await bench.publish(topic, { n: 0 });
    own.signal('SIGTERM');
    await own.exited;
    const backup = join(freshFolder(), 'backup');
    cpSync(own.dataFolder, backup, { recursive: true });
    await bench.restart('SIGTERM');
    const undone = await bench.publishMany(events(topic, 5, 1));
    bench.server.process?.signal('SIGTERM');
    await bench.server.process?.exited;
    rmSync(own.dataFolder, { recursive: true });
    cpSync(backup, own.dataFolder, { recursive: true });
    rmSync(join(backup, '..'), { recursive: true });
    await bench.restart('SIGTERM');
    const anew = await bench.publishMany(events(topic, 8, 10));
    const session = await bench.openSettled();
    const lost = await replay(session, { topic, lastEventId: undone.at(-1)?.id ?? '' });
    expect(lost.confirmed.data).toMatchObject({ recovered: false, lost: { reason: 'epoch' } });
    expect(lost.ids).toEqual([kept, ...anew].map(({ id }) => id));
    const whole = await replay(session, { topic, filters: {}, lastEventId: kept.id });
    expect(whole.confirmed.data['recovered']).toBe(true);
  });

  check('[LOG-7] an empty log has no oldest event', async () => {
    const fresh = await bench.target.start();
    try {
      const session = await Session.open(fresh.url, 'a', { path: `/?token=${tokenFor(fresh.secret, 'a')}` });
      const { confirmed, recovered } = await replay(session, { lastEventId: 'neverseen-7' });
      expect(confirmed.data).toMatchObject({ recovered: false, lost: { reason: 'epoch', oldest: null } });
      expect(recovered.data['replayed']).toBe(0);
      session.raw.destroy();
    } finally {
      await fresh.stop();
    }
  });
});

onTargets('A log that forgets soon', { env: { AIDEALS_RETENTION_EVENTS_SECONDS: '1' } }, (bench, check) => {
  check(
    '[LOG-10] events that are too old are told as lost',
    async () => {
      const topic = bench.topic();
      const start = await position(bench);
      await bench.publishMany(events(topic, 10));
      const session = await bench.openSettled();
      const seen = await poll(
        async () => {
          const tried = await replay(session, { topic, lastEventId: start });
          await session.ask('unsubscribeFromDeals', { topic });
          return tried.confirmed.data['recovered'] === false ? tried : undefined;
        },
        'the events to be trimmed',
        // On serverless at the next sweep.
        bench.target.kind === 'serverless' ? 80_000 : 15_000,
      );
      expect(seen.confirmed.data['lost']).toMatchObject({ reason: 'retention' });
      const live = await bench.publish(topic, { n: 'live' });
      const again = await replay(session, { topic, lastEventId: start });
      expect(again.ids).toContain(live.id);
    },
    100_000,
  );
});

onTargets('A short log', { env: { AIDEALS_RETENTION_EVENTS: '20' } }, (bench, check) => {
  // On serverless at the next sweep.
  const ms = (): number | undefined => (bench.target.kind === 'serverless' ? 80_000 : undefined);

  check(
    '[LOG-10][LOG-7] events that were trimmed are told as lost',
    async () => {
      const topic = bench.topic();
      const start = await position(bench);
      const published = await bench.publishMany(events(topic, 100));
      await bench.restart('SIGTERM');
      const session = await bench.openSettled();
      const seen = await poll(
        async () => {
          const tried = await replay(session, { topic, lastEventId: start });
          await session.ask('unsubscribeFromDeals', { topic });
          return tried.confirmed.data['recovered'] === false ? tried : undefined;
        },
        'the log to be trimmed',
        ms(),
      );
      expect(seen.confirmed.data['lost']).toMatchObject({ reason: 'retention' });
      const { oldest } = seen.confirmed.data['lost'] as { oldest: string };
      expect(seen.ids[0]).toBe(oldest);
      expect(seen.ids.at(-1)).toBe(published.at(-1)?.id);
      const kept = await replay(session, { topic, lastEventId: published[85]?.id ?? '' });
      expect(kept.confirmed.data['recovered']).toBe(true);
      expect(kept.ids).toHaveLength(14);
    },
    100_000,
  );
});
