import { request } from 'node:http';
import type { Address } from './link.js';

/** Whether a node answers `GET /readyz` with 200 within the time. */
export const isReady = ({ host, port }: Address, ms = 1_000): Promise<boolean> =>
  new Promise((resolve) => {
    // A connection of its own each time: one that was kept would not tell that no new ones are taken.
    const asked = request({ host, port, path: '/readyz', agent: false, signal: AbortSignal.timeout(ms) }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.statusCode === 200));
    });
    asked.once('error', () => resolve(false));
    asked.end();
  });
