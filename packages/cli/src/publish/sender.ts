import { randomUUID } from 'node:crypto';
import { calls, errorData, type JsonObject } from '@aideals/protocol';
import { backoffMillis, retryAfterMillis } from './backoff.js';
import { asLines, asList, type Form, inLists } from './forms.js';

/** What became of events: how many were published, and for how many connections in all. */
export interface Receipt {
  readonly published: number;
  readonly delivered: number;
  readonly total: number;
}

/** An event that the server refused, by its index; what stands before it was published. */
export interface Wrong {
  readonly index: number;
  readonly problem: string;
  readonly before: Receipt;
}

/** The server said no, and would again. */
export class Refusal extends Error {
  readonly status: number;
  /** Where the server named an event. */
  readonly wrong: Wrong | undefined;

  constructor(status: number, message: string, wrong?: Wrong) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.wrong = wrong;
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

const LINE = /^line [0-9]+: /u;

type Attempt =
  | { readonly receipt: Receipt }
  | { readonly refusal: Refusal }
  | { readonly passing: string; readonly waitMillis: number | undefined };

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const NONE: Receipt = { published: 0, delivered: 0, total: 0 };

const added = (one: Receipt, other: Receipt): Receipt => ({
  published: one.published + other.published,
  delivered: one.delivered + other.delivered,
  total: one.total + other.total,
});

/** The event that a VALIDATION_ERROR names, and what was published before it: of a list, nothing was. */
const wrongOf = (message: string, details: JsonObject = {}): Wrong | undefined => {
  const { line, published, delivered, total, fields } = details;
  if (typeof line === 'number') {
    const before = { published: Number(published), delivered: Number(delivered), total: Number(total) };
    return { index: line - 1, problem: message.replace(LINE, ''), before };
  }
  const [field] = (Array.isArray(fields) ? fields : []) as { path?: unknown; message?: unknown }[];
  const found = /^(\d+)\.(.+)$/u.exec(String(field?.path));
  if (found === null) return undefined;
  return { index: Number(found[1]), problem: `${found[2]}: ${String(field?.message)}`, before: NONE };
};

const refusalOf = (status: number, text: string): Refusal => {
  const body = parseJson(text) as { data?: unknown } | null | undefined;
  const error = errorData.safeParse(body?.data);
  if (!error.success) return new Refusal(status, `the server answered ${status}`);
  const { code, message, details } = error.data;
  const wrong = code === 'VALIDATION_ERROR' ? wrongOf(message, details) : undefined;
  return new Refusal(status, `the server answered ${status} ${code}: ${message}`, wrong);
};

const networkReason = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  return cause.message || (code ?? cause.name);
};

const NO_STREAM = 415;

/**
 * Sends events as lines, or as lists where the server takes no stream, under one `Idempotency-Key` however often they have to
 * be sent: retries never double them.
 */
export const createSender = (options: SenderOptions) => {
  let takesLines = true;

  const attempt = async (form: Form, body: string, key: string): Promise<Attempt> => {
    let response: Response;
    let text: string;
    try {
      response = await options.fetch(`${options.base}${calls.broadcast.path}`, {
        method: calls.broadcast.method,
        headers: { ...(await options.authorization()), 'content-type': form.contentType, 'idempotency-key': key },
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
    const receipt = form.receiptOf(parseJson(text));
    if (receipt !== undefined) return { receipt };
    return { refusal: new Refusal(response.status, `what answers at ${options.base} is no aideals server`) };
  };

  const sendAs = async (form: Form, events: readonly string[]): Promise<Receipt> => {
    const body = form.bodyOf(events);
    const key = randomUUID();
    const deadline = options.now() + options.patienceMillis;
    for (let tries = 0; ; tries++) {
      options.signal.throwIfAborted();
      const result = await attempt(form, body, key);
      if ('receipt' in result) return result.receipt;
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

  const sendLists = async (events: readonly string[]): Promise<Receipt> => {
    let sum = NONE;
    let sent = 0;
    for (const list of inLists(events)) {
      try {
        sum = added(sum, await sendAs(asList, list));
      } catch (error) {
        if (!(error instanceof Refusal) || error.wrong === undefined) throw error;
        const { index, problem } = error.wrong;
        // A list is taken as a whole: what stands before the wrong event in it is good, and goes alone.
        const good = list.slice(0, index);
        const before = good.length === 0 ? sum : added(sum, await sendAs(asList, good));
        throw new Refusal(error.status, error.message, { index: sent + index, problem, before });
      }
      sent += list.length;
    }
    return sum;
  };

  /** Resolves when all are published. Throws a Refusal, Unreachable, or the signal's reason. */
  const send = async (events: readonly string[]): Promise<Receipt> => {
    if (takesLines) {
      try {
        return await sendAs(asLines, events);
      } catch (error) {
        if (!(error instanceof Refusal) || error.status !== NO_STREAM) throw error;
        takesLines = false;
      }
    }
    return sendLists(events);
  };

  return { send };
};

export type Sender = ReturnType<typeof createSender>;
