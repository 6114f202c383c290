import { resolve } from 'node:path';
import type { Clock, Streams, Table } from '@aideals/core';
import type { Segment } from '@aideals/core/memory';
import { open as openLmdb } from 'lmdb';
import { checkDataFile } from './data-file.js';
import { type Disk, DiskRoom, diskOf } from './disk-room.js';
import { folderError, prepareFolder } from './folder.js';
import { type Ownership, refuseOwned, takeOwnership } from './ownership.js';
import { embeddedStreams } from './streams.js';
import { embeddedTable } from './table.js';
import { Versions } from './versions.js';
import { type Db, type Env, Writer, type WriterOptions, type WriterStats } from './writer.js';

export interface EmbeddedOptions {
  /** Made where there is none. One process at a time may have it open. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** A random name for a segment of the log: 1 to 32 letters and digits. */
  readonly segment: () => string;
  /** Told once when the folder cannot be written, with why, and once when it can be again. */
  readonly onState?: WriterOptions['onState'];
  /** The file system of the folder; asked now and then. */
  readonly disk?: () => Promise<Disk>;
}

export interface EmbeddedStore {
  readonly table: Table;
  readonly streams: Streams & { segments(): readonly Segment[] };
  /** Resolves when all that was written is flushed and the folder is free. Writes are refused from the call on. */
  close(): Promise<void>;
  stats(): WriterStats;
}

const openEnv = (folder: string): Env => {
  try {
    checkDataFile(folder);
    return openLmdb<string, Buffer>({
      path: folder,
      noSubdir: false,
      encoding: 'string',
      keyEncoding: 'binary',
      // The writer makes its own batches. With the other setting a failed one rejects a promise that nobody holds.
      eventTurnBatching: false,
    });
  } catch (error) {
    throw folderError(folder, error);
  }
};

/**
 * Opens the embedded store: `Table` and `Streams` in one folder, flushed together. Throws a `DataFolderError` where the
 * folder is not fit, has a newer format, or is in use.
 */
export const openEmbedded = async (options: EmbeddedOptions): Promise<EmbeddedStore> => {
  const { dataDir, clock, segment, onState } = options;
  const folder = resolve(dataDir);
  prepareFolder(folder);
  await refuseOwned(folder);
  const env = openEnv(folder);
  const database = (name: string): Db =>
    env.openDB<string, Buffer>({ name, encoding: 'string', keyEncoding: 'binary' });
  let ownership: Ownership | undefined;
  try {
    const meta = database('meta');
    ownership = await takeOwnership(folder, env, meta);
    const room = new DiskRoom(options.disk ?? (() => diskOf(folder)));
    const writer = new Writer(env, `the data folder ${folder}`, onState === undefined ? { room } : { room, onState });
    const table = embeddedTable(database('rows'), writer, new Versions(meta), clock);
    const streams = embeddedStreams({ log: database('log'), meta, writer, clock, segment });
    await writer.flushed;
    const owned = ownership;
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await writer.close();
      await env.close();
      owned.release();
    };
    return { table, streams, close: () => (closing ??= close()), stats: () => writer.stats() };
  } catch (error) {
    await env.close();
    ownership?.release();
    throw folderError(folder, error);
  }
};
