import { setTimeout as pause } from 'node:timers/promises';
import { Chance } from '../chance.js';
import { Crowd } from '../crowd/crowd.js';
import { crowdNumbers } from '../crowd/numbers.js';
import { Findings } from '../findings.js';
import { byIds } from '../history/by-ids.js';
import { checkHistory } from '../history/check.js';
import { isOf } from '../history/history.js';
import { Logs } from '../history/logs.js';
import { keepLogs } from '../kept-logs.js';
import { count, type RunOptions, type RunResult, seconds } from '../run.js';
import { dataFolder } from '../served/data-folder.js';
import { poll, SETTLE_MS } from '../waiting.js';
import { isNewer } from '../wire/event-id.js';
import { Deployment } from './deployment.js';
import { breakThings } from './mischief.js';

export interface ServerlessRunOptions extends RunOptions {
  readonly clients: number;
  /** How long things are broken. */
  readonly ms: number;
  /** Milliseconds of peace between two faults, at most, and of a fault. */
  readonly peaceMs: number;
  readonly faultMs: number;
  /** Events a second of all backends together, and messages a second of all who chat. */
  readonly eventsPerSecond: number;
  readonly messagesPerSecond: number;
  /** In place of the two hours of a connection. */
  readonly lifeMs: number;
}

const CROWD = { backends: 3, chattingShare: 0.25, pingEveryMs: 5_000, isOrdered: false };
const IDLE_MS = 60_000;
const TELL_EVERY_MS = 30_000;

/** Whether every reader has all that it is owed, from its first promise on, and every recipient its messages. */
const hasAll = ({ recorder }: Crowd): boolean => {
  for (const { interest, stretches } of recorder.readers) {
    const after = stretches[0]?.after;
    if (after === undefined) return false;
    const came = new Set(stretches.flatMap(({ ids }) => ids));
    for (const publication of recorder.publications) {
      const { id } = publication;
      if (id !== undefined && isNewer(id, after) && isOf(interest, publication) && !came.has(id)) return false;
    }
  }
  const came = new Set(
    recorder.sittings.flatMap(({ user, received }) => received.map(({ messageId }) => `${user} ${messageId}`)),
  );
  return recorder.messages.every(
    ({ to, messageId, outcome }) => outcome !== 'confirmed' || came.has(`${to} ${messageId}`),
  );
};

/** What is open is confirmed, and what is owed comes. Gives the id of the last event; undefined where that takes too long. */
const settle = async (crowd: Crowd, findings: Findings): Promise<string | undefined> => {
  try {
    await crowd.untilConfirmed();
    await crowd.untilLive();
    const end = await crowd.backends[0]?.publish(true);
    // What does not come is for the checker to tell.
    await poll('all to come', () => (hasAll(crowd) ? true : undefined), SETTLE_MS / 2).catch(() => undefined);
    return end;
  } catch (error) {
    findings.broken(
      'in the end all is well',
      `${(error as Error).message}; ${crowd.live} of ${crowd.guests.length} are live`,
    );
    return undefined;
  }
};

/** Breaks a deployment of functions in every way, while clients publish, subscribe, chat and come back, and judges what came. */
export const serverless = async (options: ServerlessRunOptions): Promise<RunResult> => {
  const { seed, say, ms, lifeMs, peaceMs, faultMs: mostMs } = options;
  const findings = new Findings();
  const chance = new Chance(seed);
  const began = performance.now();
  const folder = dataFolder();
  const deployment = await Deployment.start({
    ...{ seed, folder: folder.path, lifeMs, idleMs: IDLE_MS },
    chance: () => chance.below(1_000) / 1_000,
  });
  const { clients, eventsPerSecond } = options;
  const crowd = new Crowd({ ...CROWD, host: deployment, findings, chance, clients, eventsPerSecond });
  try {
    await crowd.enter();
    say(`${clients} clients are connected after ${seconds(performance.now() - began)}`);
    const work = crowd.backends.map((backend) => backend.run());
    const endChat = crowd.chat(options.messagesPerSecond);
    const telling = setInterval(
      () =>
        say(`${seconds(performance.now() - began)}: ${count(crowd.recorder.received)} deliveries, ${crowd.live} live`),
      TELL_EVERY_MS,
    );
    const worked = performance.now();
    const faults = await breakThings({ deployment, guests: crowd.guests, chance, say, peaceMs, mostMs }, ms);
    clearInterval(telling);
    // A while of work in peace, so that what was broken last shows as well.
    await pause(peaceMs);
    endChat();
    for (const backend of crowd.backends) backend.end();
    await Promise.all(work);
    const lasted = performance.now() - worked;
    const end = await settle(crowd, findings);
    await crowd.leave();
    const history = crowd.recorder.history(end);
    checkHistory(byIds(history, new Logs(history)), findings);
    for (const { counts, name } of crowd.guests) {
      for (const [why, n] of counts.gaps) findings.broken('no gap, where nothing goes', `${name}: ${why}, ${n} times`);
    }
    deployment.auditFreeze(findings);
    const numbers = crowdNumbers(crowd, { faults, lasted });
    const failed = [...deployment.failed].map(([why, n]) => `${why} ${count(n)}`).join(', ');
    numbers.push(`invocations without a result: ${failed || 'none'}`);
    if (findings.list.length > 0) {
      const folder = keepLogs('serverless', seed, new Map([['functions', deployment.lines]]));
      numbers.push(`what the functions wrote is in ${folder}`);
    }
    return { numbers, findings };
  } finally {
    await crowd.leave();
    await deployment.stop();
    folder.remove();
  }
};
