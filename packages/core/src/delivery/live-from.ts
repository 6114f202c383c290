import type { Ports } from '../ports/index.js';

/**
 * The offset past which events come live to who is registered now, or are held for it. Events that are committed but not yet
 * given out lie past it too.
 */
export const liveFrom = async (ports: Pick<Ports, 'gateway' | 'streams'>): Promise<number> =>
  ports.gateway.given() ?? (await ports.streams.top());
