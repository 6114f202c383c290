import type { Clock } from '@aideals/core';
import { type StreamsSubject, streamsContract } from '@aideals/core/contract/streams';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { openEmbedded } from './open.js';

let names = 0;
const segment = (): string => {
  names += 1;
  return `segment${names}`;
};

const open = async (clock: Clock, folder = temporaryFolder()): Promise<StreamsSubject> => {
  const store = await openEmbedded({ dataDir: folder.path, clock, segment });
  return {
    streams: store.streams,
    reopen: async () => {
      await store.close();
      return open(clock, folder);
    },
    close: async () => {
      await store.close();
      folder.remove();
    },
  };
};

streamsContract('embedded', (clock) => open(clock));
