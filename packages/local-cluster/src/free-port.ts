import { createServer } from 'node:net';

/** Below the range that the system takes ports of outgoing connections from: a port stays free while its owner is down. */
const FIRST = 20_000;
const LAST = 32_000;
const MOST_TRIES = 200;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** A port of the loopback that nobody listens on, and that may be listened on again after its owner has gone. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of 127.0.0.1 between ${FIRST} and ${LAST} is free`);
};
