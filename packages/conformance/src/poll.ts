import { setTimeout as pause } from 'node:timers/promises';
import { DEADLINE_MS, patient } from './waiting.js';

const STEP_MS = 25;

/** Asks again and again, for what no frame tells, until the answer is there. */
export const poll = async <T>(ask: () => Promise<T | undefined>, what: string, bound = DEADLINE_MS): Promise<T> => {
  const ms = patient(bound);
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`asked ${ms} ms in vain for ${what}`);
    await pause(STEP_MS);
  }
};
