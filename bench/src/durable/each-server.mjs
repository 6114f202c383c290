// The server, put together of its own parts, over a store that begins a message when the one before is flushed. What is the
// same for all else: parsing, rates, turns, deliveries. It is told nothing of this by any setting.
import { openBacking } from '../../../packages/server/dist/backing/backing.js';
import { clock, compose, ids, segment } from '../../../packages/server/dist/compose.js';
import { parseConfig } from '../../../packages/server/dist/index.js';
import { createLog } from '../../../packages/server/dist/telemetry/log.js';

/** The first row of a message is the one of its conversation, the last one is that of the recipient's inbox. */
const flushingEach = (table) => {
  let before = Promise.resolve();
  const ends = [];
  return {
    ...table,
    async append(pk, body, options) {
      if (pk.startsWith('chat#')) {
        const turn = before;
        before = new Promise((resolve) => ends.push(resolve));
        await turn;
      }
      return table.append(pk, body, options);
    },
    put(pk, sk, body, options) {
      const put = table.put(pk, sk, body, options);
      if (pk.startsWith('inbox#')) put.flushed.then(ends.shift());
      return put;
    },
  };
};

const parsed = parseConfig(process.env);
if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
const { config } = parsed;
const nodeId = ids.next();
const ignore = () => undefined;
const store = await openBacking(config, { clock, nodeId, segment, onState: ignore, report: ignore, failed: ignore });
const backing = { ...store, table: flushingEach(store.table) };
const { app } = await compose(config, {}, { backing, nodeId, log: createLog(config.logLevel, undefined) });
await app.listen({ host: config.host, port: config.port });
process.stdout.write(
  `the server that flushes each message is ready at http://127.0.0.1:${app.server.address().port}\n`,
);
process.on('SIGTERM', () => process.exit(0));
