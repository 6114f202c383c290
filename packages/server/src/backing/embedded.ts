import { memoryLimiter } from '@aideals/core/memory';
import { DataFolderError, openEmbedded } from '@aideals/store';
import { StartError } from '../start-error.js';
import type { BackingOptions, Tables } from './backing.js';

/** Opens the store of the data folder, or says in one line why it cannot be. */
export const openFolder = async (dataDir: string, { clock, segment, onState }: BackingOptions): Promise<Tables> => {
  try {
    const store = await openEmbedded({
      dataDir,
      clock,
      segment,
      onState: (failure) => onState('store', failure),
    });
    return {
      table: store.table,
      limiter: memoryLimiter(clock),
      log: async () => store.streams,
      place: undefined,
      names: { dataDir },
      checks: { store: async () => store.table.check() },
      stats: () => store.stats(),
      close: () => store.close(),
    };
  } catch (error) {
    if (error instanceof DataFolderError) throw new StartError(`AIDEALS_DATA_DIR: ${error.message}`, error);
    throw error;
  }
};
