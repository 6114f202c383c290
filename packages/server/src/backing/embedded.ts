import { memoryLimiter } from '@aideals/core/memory';
import { DataFolderError, type EmbeddedStore, openEmbedded } from '@aideals/store';
import { StartError } from '../start-error.js';
import type { BackingOptions, Tables } from './backing.js';

type FolderOptions = Pick<BackingOptions, 'clock' | 'segment' | 'onState'>;

/** Opens the store of the data folder, or says in one line why it cannot be. */
export const openStore = async (
  dataDir: string,
  { clock, segment, onState }: FolderOptions,
): Promise<EmbeddedStore> => {
  try {
    return await openEmbedded({ dataDir, clock, segment, onState: (failure) => onState('store', failure) });
  } catch (error) {
    if (error instanceof DataFolderError) throw new StartError(`AIDEALS_DATA_DIR: ${error.message}`, error);
    throw error;
  }
};

export const openFolder = async (dataDir: string, options: FolderOptions): Promise<Tables> => {
  const store = await openStore(dataDir, options);
  return {
    table: store.table,
    limiter: memoryLimiter(options.clock),
    log: async () => store.streams,
    place: undefined,
    names: { dataDir },
    checks: { store: async () => store.table.check() },
    stats: () => store.stats(),
    close: () => store.close(),
  };
};
