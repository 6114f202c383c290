import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Breach, FunctionError, Ran } from './function.js';

export interface Call {
  readonly payload: string;
  readonly requestId: string;
  readonly timeoutMs: number;
  readonly arn: string;
}

export interface InstanceOptions {
  readonly functionName: string;
  readonly file: string;
  readonly handler: string;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly line: (line: string) => void;
  readonly breach: (breach: Omit<Breach, 'functionName'>) => void;
}

type Said =
  | { readonly kind: 'ready' | 'frozen' }
  | { readonly kind: 'failed' | 'error'; readonly error: FunctionError }
  | { readonly kind: 'result'; readonly payload: string }
  | { readonly kind: 'breach'; readonly requestId: string; readonly what: string; readonly stack: string };

const RUNTIME = new URL('./instance-runtime.mjs', import.meta.url);

const exited = (requestId: string, why: string): Ran => ({
  error: { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${why}` },
});

/**
 * One instance of a function: a thread with a module, an environment and memory of its own. It serves one invocation at a
 * time, and is watched between them.
 */
export class Instance {
  readonly #worker: Worker;
  readonly #options: InstanceOptions;
  /** Undefined when its module is loaded; else why it is not. */
  readonly ready: Promise<FunctionError | undefined>;
  #answer: ((ran: Ran) => void) | undefined;
  #frozen: (() => void) | undefined;
  #requestId = 'none';
  #isEnded = false;

  constructor(options: InstanceOptions) {
    const { functionName, file, handler, env, memoryMb } = options;
    this.#options = options;
    this.#worker = new Worker(RUNTIME, {
      name: functionName,
      env,
      // Nothing that this process was started with is the function’s.
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      workerData: { file, handlerName: handler, functionName, memoryMb },
    });
    this.#worker.unref();
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      createInterface({ input: stream }).on('line', options.line);
    }
    this.ready = new Promise((resolve) => {
      this.#worker.on('message', (said: Said) => {
        if (said.kind === 'ready') resolve(undefined);
        else if (said.kind === 'failed') resolve(said.error);
        else this.#said(said);
      });
      this.#worker.once('error', (error: unknown) => {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        resolve({ errorType: name, errorMessage: message });
        this.#over({ error: { errorType: name, errorMessage: message } });
      });
      this.#worker.once('exit', (code) => {
        resolve({ errorType: 'Runtime.ExitError', errorMessage: `exit code ${code} before it was ready` });
        this.#over(exited(this.#requestId, `Runtime exited with exit code ${code}`));
      });
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Resolves with what the function answered. The instance is free for another when `frozen` has resolved. */
  run(call: Call): { readonly ran: Promise<Ran>; readonly frozen: Promise<void> } {
    this.#requestId = call.requestId;
    const ran = new Promise<Ran>((resolve) => {
      this.#answer = resolve;
    });
    const frozen = new Promise<void>((resolve) => {
      this.#frozen = resolve;
    });
    if (this.#isEnded) this.#over(exited(call.requestId, 'the instance has ended'));
    else this.#worker.postMessage(call);
    return { ran, frozen };
  }

  /** Ends it, whatever it is at. */
  async stop(): Promise<void> {
    this.#isEnded = true;
    await this.#worker.terminate();
  }

  #said(said: Exclude<Said, { kind: 'ready' | 'failed' }> | { readonly kind: 'frozen' | 'ready' }): void {
    switch (said.kind) {
      case 'result':
        this.#answer?.({ payload: said.payload });
        break;
      case 'error':
        this.#answer?.({ error: said.error });
        break;
      case 'breach':
        this.#options.breach({ requestId: said.requestId, what: said.what, stack: said.stack });
        break;
      default:
        this.#frozen?.();
    }
  }

  #over(ran: Ran): void {
    this.#isEnded = true;
    this.#answer?.(ran);
    this.#frozen?.();
  }
}
