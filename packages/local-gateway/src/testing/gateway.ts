import { ManualClock } from '../clock.js';
import { type GatewayOptions, LocalGateway } from '../local-gateway.js';
import { Client } from './client.js';
import { remoteFile, type Stagehand } from './stagehand.js';

export const routes = [
  { routeKey: '$connect', functionName: 'connect' },
  { routeKey: '$disconnect', functionName: 'disconnect' },
  { routeKey: '$default', functionName: 'other', routeResponse: true },
  { routeKey: 'ask', functionName: 'other', routeResponse: true },
  { routeKey: 'tell', functionName: 'other' },
];

/** A gateway whose functions do as the test says. */
export const startGateway = async (stagehand: Stagehand, more: Partial<GatewayOptions> = {}) => {
  const clock = new ManualClock();
  const gateway = await LocalGateway.start({
    functions: ['connect', 'disconnect', 'other', 'http', 'sweep'].map((name) => ({ name, file: remoteFile })),
    env: { TEST_URL: stagehand.url, AIDEALS_AWS_KEYS: 'test-key:test:secret' },
    routes,
    httpFunction: 'http',
    clock,
    ...more,
  });
  const clients: Client[] = [];
  const open = async (path = '', ...rest: [protocols?: string[], options?: object]): Promise<Client> => {
    const client = await Client.open(`${gateway.webSocketUrl}${path}`, ...rest);
    clients.push(client);
    return client;
  };
  /** Ends what a test left open, and resolves when nothing of it is under way. */
  const clear = async (): Promise<void> => {
    for (const client of clients.splice(0)) {
      client.socket.terminate();
      await client.closed;
    }
    while (gateway.api.size > 0) await new Promise((resolve) => setImmediate(resolve));
    await gateway.settled();
  };
  return { gateway, clock, open, clear };
};
