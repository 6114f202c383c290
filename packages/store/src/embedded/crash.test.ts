import { place } from '@aideals/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Child, startChild } from '../testing/children.js';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.js';
import { openEmbedded } from './open.js';

interface Written {
  readonly name: number;
  readonly n: number;
  readonly id: string;
}

// Each starts processes, which takes its time on a busy machine.
describe('a store whose process ends badly', { timeout: 90_000 }, () => {
  let folder: TemporaryFolder;
  let child: Child | undefined;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    await child?.kill();
    folder.remove();
  });
  const open = (name = 'after') =>
    openEmbedded({ dataDir: folder.path, clock: { now: () => Date.now() }, segment: () => name });

  test('a kill in the middle of writes loses nothing that was flushed, and leaves no half of anything', async () => {
    for (let round = 1; round <= 2; round++) {
      child = startChild('write', folder.path);
      await child.tells(300 * round);
      await child.kill();
      const written = child.told.slice(1) as Written[];
      const { table, streams, close } = await open(`after${round}`);
      const offsets = new Map<string, number>();
      let last = 0;
      for (let after = 0, more = true; more; ) {
        const { events, end } = await streams.read({ after, limit: 1_000 });
        for (const each of events) {
          expect(each.offset).toBe(last + 1);
          last = each.offset;
          offsets.set(each.id, each.offset);
        }
        more = end > after;
        after = end;
      }
      expect(await streams.top()).toBe(last);
      for (const { name, n, id } of written) {
        expect(await streams.locate(id)).toEqual({ after: offsets.get(id) });
        expect((await table.get(`p${name}`, place(n)))?.body).toMatchObject({ n });
        expect((await table.get(`rows${name}`, 'last'))?.body['n']).toBeGreaterThanOrEqual(n);
        const again = await streams.append([], { key: `${name}-${n}`, digest: 'd' });
        expect(again).toMatchObject({ ids: [id], replayed: true });
      }
      for (let name = 0; name < 8; name++) {
        const rows = await table.query(`p${name}`, { limit: 100_000 });
        expect(rows.map(({ sk }) => sk)).toEqual(rows.map((_, i) => place(i + 1)));
        expect(await table.head(`p${name}`)).toBe(rows.length);
      }
      expect(await streams.locate(`${written.at(-1)?.id.split('-')[0]}-${last + 1}`)).toMatchObject({
        lost: { reason: 'epoch' },
      });
      await close();
      folder.remove();
      folder = temporaryFolder();
    }
  });

  test('a process that was killed leaves the folder free, one that lives does not', async () => {
    child = startChild('hold', folder.path);
    await child.tells(1);
    await expect(open()).rejects.toThrow(/is in use by another process: stop that one/);
    await child.kill();
    const store = await open();
    await store.close();
  });
});
