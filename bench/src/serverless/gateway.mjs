// The local gateway in a process of its own, whose memory is that of everything that a fan-out needs. Connecting costs next to
// nothing: what is measured is the function that publishes, and the calls that it makes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalGateway } from '../../../packages/local-gateway/dist/index.js';

const { folder, broadcast, atOnce, env } = JSON.parse(process.argv[2]);

/** Lets everybody in, and tells who asks what their connection is called. */
const door = join(folder, 'door.mjs');
mkdirSync(folder, { recursive: true });
writeFileSync(
  door,
  'export const handler = async (event) => ({ statusCode: 200, body: event.requestContext.connectionId });\n',
);

const calls = {};
const failures = [];
const gateway = await LocalGateway.start({
  functions: [
    { name: 'door', file: door },
    { name: 'broadcast', file: broadcast, timeoutMs: 60_000 },
  ],
  routes: [
    { routeKey: '$connect', functionName: 'door' },
    { routeKey: '$disconnect', functionName: 'door' },
    { routeKey: '$default', functionName: 'door', routeResponse: true },
  ],
  ...{ env, atOnce },
  called: (what, outcome) => {
    calls[`${what} ${outcome}`] = (calls[`${what} ${outcome}`] ?? 0) + 1;
  },
  reports: {
    ended: (name, _, ran) => {
      if ('error' in ran) failures.push(`${name}: ${ran.error.errorType}: ${ran.error.errorMessage}`);
    },
  },
});

process.on('message', async ({ publish }) => {
  const { rss } = process.memoryUsage();
  for (const name of Object.keys(calls)) delete calls[name];
  let peak = rss;
  const looking = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const ran = await gateway.lambda.invoke('broadcast', JSON.stringify(publish));
  await gateway.lambda.settled();
  clearInterval(looking);
  process.send({ ran, calls, failures, grown: peak - rss });
});
process.on('disconnect', () => process.exit(0));
process.stdout.write(`ready at ${gateway.webSocketUrl}\n`);
