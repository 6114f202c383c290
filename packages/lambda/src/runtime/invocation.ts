import type { Clock } from '@aideals/core';
import type { InvocationContext } from '../event.js';

/** Kept back at the end of an invocation, for what must still be written. */
const RESERVED_MS = 3_000;
/** The longest that a function of the API may take: API Gateway waits no longer. */
const LONGEST_MS = 29_000;

/** The invocation that a process is at: one at a time, as Lambda has it. */
export class Invocation {
  readonly #clock: Clock;
  #id = 'none';
  #functionName: string | undefined;
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `context` is left out by who calls a handler by hand. */
  begin(context: Partial<InvocationContext> | undefined, fallbackId: string): void {
    this.#id = context?.awsRequestId ?? fallbackId;
    this.#functionName = context?.functionName ?? process.env['AWS_LAMBDA_FUNCTION_NAME'];
    this.#endsAt = this.#clock.now() + (context?.getRemainingTimeInMillis?.() ?? LONGEST_MS);
  }

  get id(): string {
    return this.#id;
  }

  get functionName(): string | undefined {
    return this.#functionName;
  }

  /** Unix milliseconds. */
  get deadline(): number {
    return this.#endsAt - RESERVED_MS;
  }
}
