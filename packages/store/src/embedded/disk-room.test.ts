import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.js';
import { DiskRoom, diskOf } from './disk-room.js';
import { openEmbedded } from './open.js';

const MIB = 1024 * 1024;
const event = (n: number) => ({ type: 'dealUpdate', topic: 't', data: { n }, at: 1 });

describe('a disk that fills', () => {
  let folder: TemporaryFolder;
  let free = Number.MAX_SAFE_INTEGER;
  let states: (string | undefined)[];
  beforeEach(() => {
    folder = temporaryFolder();
    free = 100 * MIB;
    states = [];
  });
  afterEach(() => folder.remove());
  const open = (segment: string) =>
    openEmbedded({
      dataDir: folder.path,
      clock: { now: () => Date.now() },
      segment: () => segment,
      disk: async () => ({ size: 1_000 * MIB, free }),
      onState: (failure) => states.push(failure?.message),
    });

  test('fails what is not flushed, tells so once, and the store goes on when there is room', async () => {
    const store = await open('a');
    const { table, streams } = store;
    const put = await table.put('p', 's', { n: 1 });
    const { ids, flushed } = await streams.append([event(1)]);
    await Promise.all([put.stored && put.flushed, flushed]);
    free = 10 * MIB;
    // Large enough that the disk is looked at again.
    const large = { pad: '.'.repeat(5 * MIB) };
    const lost = await table.put('p', 's', large);
    const appended = streams.append([event(2)], { key: 'k', digest: 'd' });
    await expect(appended).rejects.toThrow(
      /^the data folder .* could not be written: No space left on device: \d+ bytes/u,
    );
    await expect(lost.stored && lost.flushed).rejects.toThrow('No space left');
    await expect(table.check()).rejects.toThrow('No space left');
    expect((await table.get('p', 's'))?.body).toEqual({ n: 1 });
    expect(await streams.top()).toBe(1);
    expect(states).toHaveLength(1);
    free = 100 * MIB;
    await table.check();
    expect(states).toEqual([expect.stringContaining('No space left'), undefined]);
    const again = await streams.append([event(2)], { key: 'k', digest: 'other' });
    expect(again).toMatchObject({ offsets: [2], replayed: false });
    await store.close();
    const reopened = await open('b');
    expect((await reopened.streams.read({ after: 0, limit: 9 })).events.map(({ id }) => id)).toEqual([
      ...ids,
      ...again.ids,
    ]);
    await reopened.close();
  });

  test('is looked at now and then, and again at once where it was full', async () => {
    let looks = 0;
    const room = new DiskRoom(async () => {
      looks += 1;
      return { size: 160 * MIB, free };
    });
    await room.ensure(1);
    for (let i = 0; i < 10; i += 1) expect(room.ensure(1)).toBeUndefined();
    await room.ensure(5 * MIB);
    expect(looks).toBe(2);
    free = 10 * MIB;
    await expect(room.ensure(5 * MIB)).rejects.toThrow('No space left');
    await expect(room.ensure(1)).rejects.toThrow('No space left');
    free = 11 * MIB;
    await room.ensure(1);
  });

  test('is asked of the system', async () => {
    const { size, free: there } = await diskOf(tmpdir());
    expect(there).toBeGreaterThan(0);
    expect(size).toBeGreaterThanOrEqual(there);
  });
});
