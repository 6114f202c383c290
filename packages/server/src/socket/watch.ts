import { sendQueues } from './kernel-queue.js';
import type { Liveness } from './pulse.js';
import type { Session } from './session.js';

const MOST_MS = 2_000;
const LEAST_MS = 20;
/** How many turns it takes to look at all connections, so that no turn is long. */
const TURNS = 10;

/** How often each connection is looked at: often enough for the shortest of the times. */
const interval = ({ heartbeatMs, goneMs, idleMs, stallMs }: Liveness): number =>
  Math.max(LEAST_MS, Math.min(MOST_MS, Math.min(heartbeatMs, goneMs, idleMs, stallMs) / 4));

/** The connections of a server. */
export interface Watched extends Iterable<Session> {
  readonly size: number;
}

/** Looks after all connections from time to time: heartbeats, the idle, the gone, and those that do not read. */
export class Watch {
  readonly #sessions: Watched;
  readonly #liveness: Liveness;
  readonly #probeMs: number;
  readonly #suspects = new Set<Session>();
  #round: Iterator<Session>;
  #timer: NodeJS.Timeout | undefined;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(sessions: Watched, liveness: Liveness) {
    this.#sessions = sessions;
    this.#round = sessions[Symbol.iterator]();
    this.#liveness = liveness;
    this.#probeMs = Math.min(liveness.stallMs, liveness.goneMs) / 8;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#turn(), interval(this.#liveness) / TURNS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#suspects.clear();
  }

  /** One look at all of these. Resolves when the suspects are judged. */
  async look(sessions: Iterable<Session> = this.#sessions): Promise<void> {
    const now = this.#liveness.now();
    for (const session of sessions) {
      if (session.check(now)) this.#suspects.add(session);
      else this.#suspects.delete(session);
    }
    if (this.#suspects.size === 0 || now - this.#probedAt < this.#probeMs) return;
    this.#probedAt = now;
    const suspects = [...this.#suspects];
    this.#suspects.clear();
    const keys = new Set(suspects.flatMap(({ queueKey }) => queueKey ?? []));
    const queues = await sendQueues(keys);
    for (const session of suspects) {
      const key = session.queueKey;
      session.probe(now, key === undefined ? undefined : queues.get(key));
    }
  }

  /** A part of all connections; the next turn goes on behind it. */
  #turn(): Promise<void> {
    const part: Session[] = [];
    const most = Math.ceil(this.#sessions.size / TURNS);
    while (part.length < most) {
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = this.#sessions[Symbol.iterator]();
        break;
      }
      part.push(next.value);
    }
    return this.look(part);
  }
}
