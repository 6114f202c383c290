import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  decorrelatedJitterGenerator,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import { DynamoUnavailable, isAborted, isThrottled, isTransient, reasonOf } from './faults.js';

/** How long and how often a request is tried before it fails. All times are in milliseconds. */
export interface Patience {
  /** One request, from the connection to the end of the answer. */
  readonly attemptMs: number;
  /** All attempts and the pauses between them; a pause that has begun is waited out. */
  readonly deadlineMs: number;
  readonly attempts: number;
  /** The pauses grow from about the first to the longest, with jitter. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** After so many failures one after another, requests fail at once. */
  readonly breakAfter: number;
  /** For so long: then one request is let through to see. */
  readonly brokenMs: number;
}

export const PATIENCE: Patience = {
  attemptMs: 2_000,
  deadlineMs: 5_000,
  attempts: 8,
  firstPauseMs: 25,
  longestPauseMs: 1_000,
  breakAfter: 20,
  brokenMs: 1_000,
};

/** Rejects at the deadline, whether or not the work heeds it. */
const cancelled = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** Runs requests with retries and a circuit breaker; `where` names DynamoDB in what it throws. */
export class Resilience {
  readonly #where: string;
  readonly #patience: Patience;
  readonly #breaker;
  readonly #policy;
  /** What failed last, of all requests: it tells why they fail at once. */
  #last: unknown;

  constructor(where: string, patience: Patience) {
    this.#where = where;
    this.#patience = patience;
    const transient = handleWhen(isTransient);
    this.#breaker = circuitBreaker(transient, {
      halfOpenAfter: patience.brokenMs,
      breaker: new ConsecutiveBreaker(patience.breakAfter),
    });
    const backoff = new ExponentialBackoff({
      initialDelay: patience.firstPauseMs,
      maxDelay: patience.longestPauseMs,
      generator: decorrelatedJitterGenerator,
    });
    this.#policy = wrap(
      // A pause is waited out even then: a function that has answered must leave no timer behind.
      timeout(patience.deadlineMs, TimeoutStrategy.Cooperative),
      retry(transient, { maxAttempts: patience.attempts - 1, backoff }),
    );
  }

  /** False while requests fail at once. */
  get isClosed(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  /** Throws `DynamoUnavailable` where no attempt went well in time, and what DynamoDB says where a repeat would not help. */
  async run<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.#policy.execute(({ signal }) => {
        if (signal.aborted) throw new TaskCancelledError();
        return this.#breaker.execute(() => this.#attempt(work, signal), signal);
      });
    } catch (error) {
      throw this.#told(what, error);
    }
  }

  async #attempt<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await Promise.race([work(signal), cancelled(signal)]);
    } catch (error) {
      // The whole answer, with its socket: nothing for a log.
      if (error instanceof Error) Reflect.deleteProperty(error, '$response');
      if (isTransient(error) && !signal.aborted) this.#last = error;
      throw error;
    }
  }

  #told(what: string, error: unknown): unknown {
    const failed = `${what} on DynamoDB (${this.#where}) failed`;
    const because = this.#last === undefined ? '' : ` (${reasonOf(this.#last)})`;
    if (isBrokenCircuitError(error)) {
      return new DynamoUnavailable(`${failed}: it did not answer lately${because}, and is asked again soon`, error);
    }
    if (error instanceof TaskCancelledError || isAborted(error)) {
      return new DynamoUnavailable(`${failed}: no answer within ${this.#patience.deadlineMs} ms${because}`, error);
    }
    if (!isTransient(error)) return error;
    const how = isThrottled(error) ? 'it is throttled' : 'it does not answer';
    return new DynamoUnavailable(`${failed}: ${how} (${reasonOf(error)})`, error);
  }
}
