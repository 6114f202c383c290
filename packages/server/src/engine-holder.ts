import type { ConnectionRecord, Engine } from '@aideals/core';
import type { EngineHolder } from './socket/session.js';

/**
 * Holds the engine. A forgetful one throws it away after each exchange, and gives records back as a store would, so that
 * nothing can hide in memory which a Lambda would lose.
 */
export const holdEngine = (make: () => Engine, isForgetful: boolean): EngineHolder => {
  let current = make();
  return {
    get current() {
      return current;
    },
    exchanged: (record) => {
      if (!isForgetful) return record;
      current = make();
      return JSON.parse(JSON.stringify(record)) as ConnectionRecord;
    },
  };
};
