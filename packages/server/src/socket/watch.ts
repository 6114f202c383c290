import { sendQueues } from './kernel-queue.js';
import type { Liveness } from './pulse.js';
import type { Session } from './session.js';

const MOST_MS = 1_000;
const LEAST_MS = 20;

/** How often connections are looked at: often enough for the shortest of the times. */
export const watchInterval = ({ heartbeatMs, goneMs, idleMs, stallMs }: Liveness): number =>
  Math.max(LEAST_MS, Math.min(MOST_MS, Math.min(heartbeatMs, goneMs, idleMs, stallMs) / 4));

/** Looks after all connections from time to time: heartbeats, the idle, the gone, and those that do not read. */
export class Watch {
  readonly #sessions: Iterable<Session>;
  readonly #liveness: Liveness;
  readonly #probeMs: number;
  #timer: NodeJS.Timeout | undefined;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(sessions: Iterable<Session>, liveness: Liveness) {
    this.#sessions = sessions;
    this.#liveness = liveness;
    this.#probeMs = Math.min(liveness.stallMs, liveness.goneMs) / 8;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), watchInterval(this.#liveness));
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look at all. Resolves when the suspects are judged. */
  async look(): Promise<void> {
    const now = this.#liveness.now();
    const suspects: Session[] = [];
    for (const session of this.#sessions) if (session.check(now)) suspects.push(session);
    if (suspects.length === 0 || now - this.#probedAt < this.#probeMs) return;
    this.#probedAt = now;
    const keys = new Set(suspects.flatMap(({ queueKey }) => queueKey ?? []));
    const queues = await sendQueues(keys);
    for (const session of suspects) {
      session.probe(now, session.queueKey === undefined ? undefined : queues.get(session.queueKey));
    }
  }
}
