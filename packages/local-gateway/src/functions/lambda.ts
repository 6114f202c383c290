import { randomUUID } from 'node:crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Clock } from '../clock.js';
import type { Disorder } from '../disorder.js';
import type { FunctionOptions, FunctionReports, Ran } from './function.js';
import { LambdaFunction, type Surroundings } from './lambda-function.js';

export interface LambdaOptions extends Omit<Surroundings, 'begin' | 'end' | 'reports'> {
  readonly functions: readonly FunctionOptions[];
  readonly reports?: FunctionReports;
  /** Invocations at once that the account allows [1,000]. */
  readonly accountConcurrency?: number;
  /** Invocations at once that this machine bears; further ones wait, which Lambda would not have them do [32]. */
  readonly atOnce?: number;
  readonly clock: Clock;
  readonly disorder: Disorder;
}

const ACCOUNT_CONCURRENCY = 1_000;
const AT_ONCE = 32;
/** Of the invocations at once so many may be of events: those that are waited for find a place beside them. */
const EVENT_SHARE = 0.5;
const stopped: Ran = { error: { errorType: 'ServiceException', errorMessage: 'Lambda has been stopped' } };
/** Lambda tries an event that failed twice more: after one minute, then after two. */
const RETRY_MS = [60_000, 120_000] as const;
/** One that was throttled it tries again from one second on, up to five minutes apart, for six hours. */
const FIRST_THROTTLED_MS = 1_000;
const LONGEST_THROTTLED_MS = 300_000;

interface Queued {
  readonly name: string;
  readonly payload: string;
  /** The same for each attempt. */
  readonly requestId: string;
  readonly since: number;
  failures: number;
  throttles: number;
}

/** Functions, invoked as Lambda does it: at once, or as events from a queue that repeats what failed. */
export class Lambda {
  readonly #functions: ReadonlyMap<string, LambdaFunction>;
  readonly #clock: Clock;
  readonly #disorder: Disorder;
  readonly #places: LimitFunction;
  readonly #eventPlaces: LimitFunction;
  readonly #events = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: LambdaOptions) {
    const { functions, clock, disorder, reports = {}, accountConcurrency = ACCOUNT_CONCURRENCY } = options;
    this.#clock = clock;
    this.#disorder = disorder;
    const { atOnce = AT_ONCE } = options;
    this.#places = pLimit(atOnce);
    this.#eventPlaces = pLimit(Math.max(1, Math.floor(atOnce * EVENT_SHARE)));
    let begun = 0;
    const around: Surroundings = {
      ...options,
      reports,
      begin: () => {
        if (begun >= accountConcurrency) return false;
        begun += 1;
        return true;
      },
      end: () => {
        begun -= 1;
      },
    };
    this.#functions = new Map(functions.map((each) => [each.name, new LambdaFunction(each, around)]));
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** Instances that there are now of a function. */
  instancesOf(name: string): number {
    return this.#functions.get(name)?.instances ?? 0;
  }

  /** Runs a function with a JSON text, once; undefined where there is none of that name. Never rejects. */
  invoke(name: string, payload: string, requestId: string = randomUUID()): Promise<Ran | undefined> {
    return this.#invoke(name, payload, requestId, () => undefined);
  }

  /**
   * The same for a caller who waits for so many milliseconds: `late` where they are over. They begin when this machine has a
   * place for the function, since Lambda would have had one at once.
   */
  async invokeWithin(ms: number, name: string, payload: string): Promise<Ran | undefined | 'late'> {
    let callOff = (): void => undefined;
    const ran = await new Promise<Ran | undefined | 'late'>((resolve) => {
      const begun = (): void => {
        callOff = this.#clock.after(ms, () => resolve('late'));
      };
      void this.#invoke(name, payload, randomUUID(), begun).then(resolve);
    });
    callOff();
    return ran;
  }

  /** Queues an event, which is run soon, and again where it fails; false where there is no such function. */
  queue(name: string, payload: string): boolean {
    if (this.#isStopped || !this.has(name)) return false;
    const event: Queued = {
      ...{ name, payload, requestId: randomUUID(), since: this.#clock.now() },
      ...{ failures: 0, throttles: 0 },
    };
    this.#start(event);
    // Delivery is at least once: now and then it is twice.
    if (this.#disorder.happens('duplicateEvents')) this.#start({ ...event });
    return true;
  }

  /** Resolves when no event is being run; those that wait for a repeat are not waited for. */
  async settled(): Promise<void> {
    while (this.#events.size > 0) await Promise.all(this.#events);
  }

  /** The code of a function has changed, or of all. */
  reload(name?: string): void {
    for (const each of this.#functions.values()) if (name === undefined || each.name === name) each.reload();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#functions.values()].map((each) => each.stop()));
  }

  async #invoke(name: string, payload: string, requestId: string, begun: () => void): Promise<Ran | undefined> {
    const found = this.#functions.get(name);
    if (found === undefined) return undefined;
    return this.#places(async () => {
      if (this.#isStopped) return stopped;
      begun();
      return found.run(payload, requestId);
    });
  }

  #start(event: Queued): void {
    const run = this.#runEvent(event);
    this.#events.add(run);
    void run.finally(() => this.#events.delete(run));
  }

  async #runEvent(event: Queued): Promise<void> {
    await this.#disorder.turn();
    if (this.#isStopped) return;
    const ran = await this.#eventPlaces(() => this.invoke(event.name, event.payload, event.requestId));
    if (this.#isStopped || ran === undefined || 'payload' in ran) return;
    const again = 'throttled' in ran ? this.#afterThrottle(event) : this.#afterFailure(event);
    const { maxEventAgeMs } = this.#functions.get(event.name) as LambdaFunction;
    if (again === undefined || this.#clock.now() + again - event.since > maxEventAgeMs) return;
    this.#clock.after(again, () => this.#start(event));
  }

  #afterFailure(event: Queued): number | undefined {
    const { retries } = this.#functions.get(event.name) as LambdaFunction;
    event.failures += 1;
    return event.failures > retries ? undefined : RETRY_MS[event.failures - 1];
  }

  #afterThrottle(event: Queued): number {
    const wait = Math.min(FIRST_THROTTLED_MS * 2 ** event.throttles, LONGEST_THROTTLED_MS);
    event.throttles += 1;
    return wait;
  }
}
