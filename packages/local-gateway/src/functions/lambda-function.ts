import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Disorder } from '../disorder.js';
import type { FunctionError, FunctionOptions, FunctionReports, Ran } from './function.js';
import { Instance } from './instance.js';

export interface Surroundings {
  readonly region: string;
  readonly accountId: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly clock: Clock;
  readonly disorder: Disorder;
  readonly reports: FunctionReports;
  /** Whether the account allows one invocation more. */
  readonly begin: () => boolean;
  readonly end: () => void;
}

const DEFAULT_TIMEOUT_MS = 29_000;
const DEFAULT_MEMORY_MB = 256;
/** Kept warm for whoever comes next; Lambda keeps more, and longer than a laptop wants to. */
const MOST_IDLE = 4;
/** Instances that are done with but still watched, as a frozen one is. */
const MOST_RETIRED = 3;
const RETRIES = 2;
const EVENT_AGE_MS = 6 * 3_600_000;
const RESPONSE_BYTES = 6_291_556;

/** The time that an instance has to load its module before its first invocation counts. */
const INIT_MS = 10_000;

const timedOut = (requestId: string, ms: number): FunctionError => ({
  errorType: 'Sandbox.Timedout',
  errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(ms / 1000).toFixed(2)} seconds`,
});

const stopped = { error: { errorType: 'ServiceException', errorMessage: 'Lambda has been stopped' } } satisfies Ran;

const tooLarge: Ran = {
  error: {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES} bytes).`,
  },
};

/** A function and its instances: the warm ones first, a new one where none is free. */
export class LambdaFunction {
  readonly name: string;
  readonly retries: number;
  readonly maxEventAgeMs: number;
  readonly #options: FunctionOptions;
  readonly #around: Surroundings;
  readonly #idle: Instance[] = [];
  readonly #busy = new Set<Instance>();
  readonly #retired: Instance[] = [];
  /** Instances that have answered and are about to be free, and who waits for one of them. */
  #settling = 0;
  readonly #waiting: ((instance: Instance | undefined) => void)[] = [];
  /** Instances of an earlier code are not used again. */
  #generation = 0;
  readonly #generations = new WeakMap<Instance, number>();
  #running = 0;
  #isStopped = false;

  constructor(options: FunctionOptions, around: Surroundings) {
    this.name = options.name;
    this.retries = options.retries ?? RETRIES;
    this.maxEventAgeMs = options.maxEventAgeMs ?? EVENT_AGE_MS;
    this.#options = options;
    this.#around = around;
  }

  /** Instances that there are now. */
  get instances(): number {
    return this.#idle.length + this.#busy.size;
  }

  async run(payload: string, requestId: string): Promise<Ran> {
    const { reservedConcurrency = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#running >= reservedConcurrency) {
      return { throttled: 'ReservedFunctionConcurrentInvocationLimitExceeded' };
    }
    if (!this.#around.begin()) return { throttled: 'ConcurrentInvocationLimitExceeded' };
    this.#running += 1;
    const began = performance.now();
    let coldMs: number | undefined;
    try {
      const isCold = this.#around.disorder.happens('coldStarts');
      const warm = isCold ? undefined : await this.#warm();
      if (this.#isStopped) return stopped;
      const begun =
        warm === undefined ? await this.#initialize(requestId) : { instance: warm, leftMs: this.#timeoutMs };
      if (warm === undefined) coldMs = performance.now() - began;
      else this.#busy.add(warm);
      const ran: Ran =
        'error' in begun ? begun : await this.#serve(begun.instance, payload, requestId, isCold, begun.leftMs);
      if (!this.#isStopped) this.#around.reports.ended?.(this.name, performance.now() - began, ran, coldMs);
      return ran;
    } finally {
      this.#running -= 1;
      this.#around.end();
    }
  }

  /** Uses new instances from now on: the code has changed. */
  reload(): void {
    this.#generation += 1;
    for (const instance of this.#idle.splice(0)) void instance.stop();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const all = [...this.#idle.splice(0), ...this.#busy, ...this.#retired.splice(0)];
    await Promise.all(all.map((instance) => instance.stop()));
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** Resolves with what `work` does, or with undefined when so many milliseconds have gone by. */
  #within<T>(ms: number, work: Promise<T>): Promise<{ readonly value: T } | undefined> {
    let callOff = (): void => undefined;
    const late = new Promise<undefined>((resolve) => {
      callOff = this.#around.clock.after(ms, () => resolve(undefined));
    });
    return Promise.race([work.then((value) => ({ value })), late]).finally(callOff);
  }

  /**
   * A new instance whose module is loaded, and how long its first invocation may take. One that takes over ten seconds to load
   * is begun again, within the time of the invocation.
   */
  async #initialize(
    requestId: string,
  ): Promise<{ readonly instance: Instance; readonly leftMs: number } | Extract<Ran, { error: unknown }>> {
    const { clock } = this.#around;
    for (const ms of [INIT_MS, this.#timeoutMs]) {
      if (this.#isStopped) return stopped;
      const instance = this.#launch();
      this.#busy.add(instance);
      const began = clock.now();
      const ready = await this.#within(ms, instance.ready);
      const leftMs = ms === INIT_MS ? this.#timeoutMs : this.#timeoutMs - (clock.now() - began);
      if (ready !== undefined && ready.value === undefined) return { instance, leftMs };
      this.#drop(instance);
      if (ready?.value !== undefined) return { error: ready.value };
    }
    return { error: timedOut(requestId, this.#timeoutMs) };
  }

  async #serve(
    instance: Instance,
    payload: string,
    requestId: string,
    isCold: boolean,
    timeoutMs: number,
  ): Promise<Ran> {
    const { name } = this.#options;
    const { region, accountId } = this.#around;
    const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`;
    const { ran, frozen } = instance.run({ payload, requestId, timeoutMs, arn });
    const inTime = await this.#within(timeoutMs, ran);
    if (inTime === undefined) this.#drop(instance);
    const answered: Ran = inTime?.value ?? { error: timedOut(requestId, this.#timeoutMs) };
    this.#settling += 1;
    void frozen.then(() => {
      this.#settling -= 1;
      this.#release(instance, isCold);
    });
    return 'payload' in answered && Buffer.byteLength(answered.payload) > RESPONSE_BYTES ? tooLarge : answered;
  }

  /** One that is free, or will be at once; undefined where a new one is to be started. */
  async #warm(): Promise<Instance | undefined> {
    const idle = this.#idle.pop();
    if (idle !== undefined || this.#settling <= this.#waiting.length) return idle;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(instance: Instance, isCold: boolean): void {
    const next = this.#waiting.shift();
    const isOld = this.#generations.get(instance) !== this.#generation;
    const isGone = !this.#busy.delete(instance) || instance.isEnded;
    if (isGone || isCold || isOld) {
      if (!isGone) this.#retire(instance);
      next?.(undefined);
    } else if (next !== undefined) next(instance);
    else if (this.#idle.length < MOST_IDLE) this.#idle.push(instance);
    else this.#retire(instance);
  }

  /** Watched for a while yet. */
  #retire(instance: Instance): void {
    this.#retired.push(instance);
    while (this.#retired.length > MOST_RETIRED) void this.#retired.shift()?.stop();
  }

  #drop(instance: Instance): void {
    this.#busy.delete(instance);
    void instance.stop();
  }

  #launch(): Instance {
    const { name, file, handler = 'handler', memoryMb = DEFAULT_MEMORY_MB } = this.#options;
    const { reports } = this.#around;
    const instance = new Instance({
      functionName: name,
      file,
      handler,
      memoryMb,
      env: this.#environment(memoryMb),
      line: (line) => reports.line?.(name, line),
      breach: (breach) => reports.breach?.({ functionName: name, ...breach }),
    });
    this.#generations.set(instance, this.#generation);
    return instance;
  }

  /** What Lambda sets, and the function’s own variables. Nothing of this process’s. */
  #environment(memoryMb: number): Record<string, string> {
    const { name, env = {} } = this.#options;
    const { region, credentials } = this.#around;
    const own = Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
    return {
      TZ: ':UTC',
      PATH: process.env['PATH'] ?? '',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs',
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: `[$LATEST]${randomUUID().replaceAll('-', '')}`,
      ...Object.fromEntries(own),
    };
  }
}
