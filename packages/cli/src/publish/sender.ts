import { randomUUID } from 'node:crypto';
import { type CallReply, calls, errorData, type JsonObject } from '@aideals/protocol';
import { backoffMillis, retryAfterMillis } from './backoff.js';

type Receipt = CallReply<'broadcast'>;

/** The server said no, and would again. */
export class Refusal extends Error {
  readonly status: number;
  /** Where the server named single events of the list: their index, and what is wrong. */
  readonly events: ReadonlyMap<number, string>;

  constructor(status: number, message: string, events: ReadonlyMap<number, string> = new Map()) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.events = events;
  }
}

/** No answer within the time that one is willing to try. */
export class Unreachable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unreachable';
  }
}

export interface SenderOptions {
  /** The base of the HTTP calls, without a slash at its end. */
  readonly base: string;
  /** The header that says who publishes; asked before each request, so that a long run can renew its token. */
  readonly authorization: () => Promise<Readonly<Record<string, string>>>;
  /** How long one batch is tried again, in milliseconds. */
  readonly patienceMillis: number;
  readonly signal: AbortSignal;
  /** Told before each wait. */
  readonly onRetry: (reason: string, waitMillis: number) => void;
  readonly fetch: typeof fetch;
  readonly sleep: (millis: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly random: () => number;
}

const REQUEST_MILLIS = 30_000;
/** What a server or a proxy before it says when it cannot now, but may in a while. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

const receipts = calls.broadcast.reply.array();
const INDEX = /^\[?([0-9]+)\]?(?:\.(.*))?$/u;

type Attempt =
  | { readonly receipts: Receipt[] }
  | { readonly refusal: Refusal }
  | { readonly passing: string; readonly waitMillis: number | undefined };

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `details.fields` of a VALIDATION_ERROR, as far as they name events of the list. */
const namedEvents = (details: JsonObject | undefined): Map<number, string> => {
  const events = new Map<number, string>();
  const fields = details?.['fields'];
  for (const field of Array.isArray(fields) ? fields : []) {
    if (typeof field !== 'object' || field === null || Array.isArray(field)) continue;
    const { path, message } = field as { path?: unknown; message?: unknown };
    const match = typeof path === 'string' ? INDEX.exec(path) : null;
    if (match) events.set(Number(match[1]), match[2] ? `${match[2]}: ${String(message)}` : String(message));
  }
  return events;
};

const refusalOf = (status: number, text: string): Refusal => {
  const body = parseJson(text) as { data?: unknown } | null | undefined;
  const error = errorData.safeParse(body?.data);
  if (!error.success) return new Refusal(status, `the server answered ${status}`);
  const { code, message, details } = error.data;
  return new Refusal(status, `the server answered ${status} ${code}: ${message}`, namedEvents(details));
};

const networkReason = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  return cause.message || (code ?? cause.name);
};

/** Sends lists of events, each list under one `Idempotency-Key` however often it has to be sent: retries never double it. */
export const createSender = (options: SenderOptions) => {
  const attempt = async (body: string, key: string): Promise<Attempt> => {
    let response: Response;
    let text: string;
    try {
      response = await options.fetch(`${options.base}${calls.broadcast.path}`, {
        method: calls.broadcast.method,
        headers: { ...(await options.authorization()), 'content-type': 'application/json', 'idempotency-key': key },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(REQUEST_MILLIS)]),
      });
      text = await response.text();
    } catch (error) {
      options.signal.throwIfAborted();
      return { passing: networkReason(error), waitMillis: undefined };
    }
    if (PASSING.has(response.status)) {
      const waitMillis = retryAfterMillis(response.headers.get('retry-after'), options.now());
      return { passing: `the server answered ${response.status}`, waitMillis };
    }
    if (!response.ok) return { refusal: refusalOf(response.status, text) };
    const parsed = receipts.safeParse(parseJson(text));
    if (parsed.success) return { receipts: parsed.data };
    return { refusal: new Refusal(response.status, `what answers at ${options.base} is no aideals server`) };
  };

  /** Resolves with one receipt per event. Throws a Refusal, Unreachable, or the signal's reason. */
  const send = async (events: readonly string[]): Promise<Receipt[]> => {
    const body = `[${events.join(',')}]`;
    const key = randomUUID();
    const deadline = options.now() + options.patienceMillis;
    for (let tries = 0; ; tries++) {
      options.signal.throwIfAborted();
      const result = await attempt(body, key);
      if ('receipts' in result) return result.receipts;
      if ('refusal' in result) throw result.refusal;
      // What the server asks for is the least; the jitter comes on top, so that not all come back in the same second.
      const waitMillis = (result.waitMillis ?? 0) + backoffMillis(tries, options.random);
      if (options.now() + waitMillis > deadline) {
        throw new Unreachable(
          `${options.base}: ${result.passing}; gave up after ${tries + 1} ${tries === 0 ? 'try' : 'tries'}`,
        );
      }
      options.onRetry(result.passing, waitMillis);
      await options.sleep(waitMillis, options.signal);
    }
  };

  return { send };
};

export type Sender = ReturnType<typeof createSender>;
