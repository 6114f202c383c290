import { startAideals } from '../aideals.mjs';
import { peers, startPeer } from '../peers.mjs';
import { poster } from '../posting.mjs';

const API_KEY = 'the-key-of-this-benchmark';

const aideals = {
  start: async ({ folder }, env) =>
    startAideals({
      dataDir: await folder(),
      env: {
        ...env,
        AIDEALS_API_KEYS: `bench:${API_KEY}`,
        AIDEALS_RATE_LIMIT: 'off',
        AIDEALS_MAX_CONNECTIONS: '100000',
        AIDEALS_LOG_LEVEL: 'error',
      },
    }),
  subscriber: {
    path: '/?token=$',
    hello: '{"action":"subscribeToDeals","data":{"topic":"bench@"}}',
    replies: 1,
  },
};

/** By HTTP, one event or a list in one request; where a server takes no lists, one request after the other. */
const httpPublisher = (url, publishPath, headers) => {
  const { post, end } = poster(url.replace(/^ws/u, 'http'), headers);
  const pathOf = publishPath ?? (() => '/publish');
  return {
    publish: async (events) => {
      if (publishPath === undefined || headers !== undefined) {
        await post(pathOf(events[0]), JSON.stringify(events.length === 1 ? events[0] : events));
        return;
      }
      for (const event of events) await post(pathOf(event), JSON.stringify(event));
    },
    end,
  };
};

/** All that can be measured, by name. */
export const names = ['aideals', ...Object.keys(peers)];

/** A running server with its way to publish: `{name, pid, subscriber, publish(events), url}`. */
export const startServer = async (name, room, env = {}) => {
  const isOurs = name === 'aideals';
  const { subscriber, publishPath } = isOurs ? aideals : peers[name];
  const program = await room.keep(isOurs ? aideals.start(room, env) : startPeer(name, room, env));
  if (program.publish !== undefined) return { name, subscriber, ...program };
  const url = program.wsUrl ?? program.url;
  const { publish, end } = isOurs
    ? httpPublisher(url, () => '/v1/broadcast', { authorization: `Bearer ${API_KEY}` })
    : httpPublisher(url, publishPath, undefined);
  await room.keep({ stop: async () => end() });
  return { name, subscriber, pid: program.pid, child: program, url, publish };
};
