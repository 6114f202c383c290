import { tableContract } from '@aideals/core/contract/table';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openEmbedded } from './open.js';

tableContract('embedded', async (clock) => {
  const folder = temporaryFolder();
  const store = await openEmbedded({ dataDir: folder.path, clock, segment: () => 'a' });
  return {
    table: store.table,
    close: async () => {
      await store.close();
      folder.remove();
    },
  };
});
