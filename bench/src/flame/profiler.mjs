// Preloaded into the server that is looked into: begins and ends what its parent asks for, and sends what was found.
import { Session } from 'node:inspector/promises';

const session = new Session();
session.connect();

const json = { stringify: JSON.stringify, parse: JSON.parse };
let calls = 0;

const counted =
  (call) =>
  (...given) => {
    calls += 1;
    return call(...given);
  };

const kinds = {
  cpu: {
    async begin() {
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: 200 });
      await session.post('Profiler.start');
    },
    end: async () => (await session.post('Profiler.stop')).profile,
  },
  heap: {
    // What was collected meanwhile is counted too: what a receiver costs is garbage a moment later.
    begin: () =>
      session.post('HeapProfiler.startSampling', {
        samplingInterval: 256,
        includeObjectsCollectedByMajorGC: true,
        includeObjectsCollectedByMinorGC: true,
      }),
    end: async () => (await session.post('HeapProfiler.stopSampling')).profile,
  },
  json: {
    async begin() {
      calls = 0;
      JSON.stringify = counted(json.stringify);
      JSON.parse = counted(json.parse);
    },
    async end() {
      Object.assign(JSON, json);
      return calls;
    },
  },
};

process.on('message', async (message) => {
  if (message?.look === undefined) return;
  const { look, kind } = message;
  process.send?.({ look, found: await kinds[kind][look]() });
});
