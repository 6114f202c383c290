import { createServer } from 'node:net';
import { DEADLINE_MS } from '../waiting.js';

/** Below the range that the system takes ports of outgoing connections from: it stays free while a server is down. */
const FIRST = 20_000;
const LAST = 32_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** A port of the loopback that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const deadline = performance.now() + DEADLINE_MS;
  while (performance.now() < deadline) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
};
