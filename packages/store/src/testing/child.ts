import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Table } from '@aideals/core';
import { openEmbedded } from '../embedded/open.js';

/** Tells the parent one thing, at once: nothing waits in a buffer when the process is killed. */
const tell = (thing: unknown): void => {
  writeSync(1, `${JSON.stringify(thing)}\n`);
};

const [mode, dataDir] = process.argv.slice(2) as [string, string];
const clock = { now: () => Date.now() };
const segment = (): string => Math.random().toString(36).slice(2, 12);

const open = () => openEmbedded({ dataDir, clock, segment });

const event = (n: number, bytes: number) => ({
  type: 'dealUpdate',
  topic: `t${n % 3}`,
  data: { n, pad: '.'.repeat(bytes) },
  at: clock.now(),
});

/** Writes without end, on eight ways at once, and tells what was flushed. */
const write = async (): Promise<void> => {
  const { table, streams } = await open();
  tell('open');
  const way = async (name: number): Promise<void> => {
    for (let n = 1; ; n++) {
      const appended = await table.append(`p${name}`, { n, pad: '.'.repeat(200) });
      const put = await table.put(`rows${name}`, 'last', { n });
      const logged = await streams.append([event(n, 200)], { key: `${name}-${n}`, digest: 'd' });
      await Promise.all([appended.stored && appended.flushed, put.stored && put.flushed, logged.flushed]);
      tell({ name, n, id: logged.ids[0] });
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => way(name)));
};

const check = async (table: Table): Promise<string> => {
  try {
    await table.check();
    return 'well';
  } catch (error) {
    return (error as Error).message;
  }
};

/** Writes until the disk is full, and tells how the store took it. */
const fill = async (): Promise<void> => {
  const { table, streams, close } = await open();
  let flushed = 0;
  const lost: string[] = [];
  let failure: unknown;
  for (let n = 1; failure === undefined; n++) {
    const top = await streams.top();
    const meant = [top + 1, top + 2].map((offset) => streams.idOf(offset));
    try {
      const appended = streams.append([event(n, 3_000)], { key: `k${n}`, digest: 'd' });
      const row = await table.append('rows', { n });
      await Promise.all([appended, row.stored && row.flushed, streams.append([event(n, 10)])]);
      flushed = n;
    } catch (error) {
      failure = error;
      lost.push(...meant);
    }
  }
  const message = (failure as Error).message;
  const locate = () => Promise.all(lost.map((id) => streams.locate(id)));
  const rows = (await table.query('rows', { limit: 100_000 })).length;
  const after = { top: await streams.top(), head: await table.head('rows'), rows, located: await locate() };
  const checkWhileFull = await check(table);
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
  const again = await streams.append([event(0, 3_000)], { key: `k${flushed + 1}`, digest: 'other' });
  await again.flushed;
  const checkWithRoom = await check(table);
  const { ids, replayed } = again;
  tell({ flushed, message, lost, after, checkWhileFull, ids, replayed, checkWithRoom, located: await locate() });
  await close();
};

const hold = async (): Promise<void> => {
  await open();
  tell('open');
  setInterval(() => undefined, 60_000);
};

const modes = { write, fill, hold };
await modes[mode as keyof typeof modes]();
