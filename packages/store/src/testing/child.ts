import { writeSync } from 'node:fs';
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

const hold = async (): Promise<void> => {
  await open();
  tell('open');
  setInterval(() => undefined, 60_000);
};

const modes = { write, hold };
await modes[mode as keyof typeof modes]();
