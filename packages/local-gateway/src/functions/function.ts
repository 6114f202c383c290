/** A function as it is deployed. */
export interface FunctionOptions {
  readonly name: string;
  /** The path of its module. */
  readonly file: string;
  /** What the module exports it as [`handler`]. */
  readonly handler?: string;
  /** Its own variables, beside those that Lambda sets. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** After so long an invocation is ended, and its instance with it [29 s]. */
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  /** So many invocations at once and no more; none at all where it is 0 [as many as the account allows]. */
  readonly reservedConcurrency?: number;
  /** How often an event that failed is tried again [2]. */
  readonly retries?: number;
  /** An event that is older is not tried again [6 h]. */
  readonly maxEventAgeMs?: number;
}

/** How an invocation that failed is told. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** What came of an invocation: a result as JSON text, an error, or a refusal before it was begun. */
export type Ran =
  | { readonly payload: string }
  | { readonly error: FunctionError }
  | { readonly throttled: 'ReservedFunctionConcurrentInvocationLimitExceeded' | 'ConcurrentInvocationLimitExceeded' };

/** Something that was done after the answer, when Lambda has frozen the process. */
export interface Breach {
  readonly functionName: string;
  /** The invocation after whose answer it was. */
  readonly requestId: string;
  readonly what: string;
  /** The function’s own part of the stack; empty where it began before the answer. */
  readonly stack: string;
}

/** What is told of the functions as they run. */
export interface FunctionReports {
  /** A line that a function wrote. */
  readonly line?: (functionName: string, line: string) => void;
  readonly breach?: (breach: Breach) => void;
  /** `coldMs` where an instance was started for it: how long that took. */
  readonly ended?: (functionName: string, ms: number, ran: Ran, coldMs: number | undefined) => void;
}
