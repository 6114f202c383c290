import type { BridgedEvent } from '@aideals/bus';
import { calls, errorData } from '@aideals/protocol';
import { retryAfterMillis } from '../publish/backoff.js';

/** What became of one attempt. */
export type Posted =
  /** `repeated` where another bridge, or an attempt that seemed to fail, had it published already. */
  | { readonly kind: 'published'; readonly repeated: boolean }
  /** It would be refused again. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may be taken later, after `waitMillis` at the earliest. */
  | { readonly kind: 'passing'; readonly reason: string; readonly waitMillis: number };

export type Post = (bridged: BridgedEvent) => Promise<Posted>;

export interface PostOptions {
  /** The base of the HTTP calls, without a slash at its end. */
  readonly base: string;
  readonly authorization: () => Promise<Readonly<Record<string, string>>>;
  readonly fetch: typeof fetch;
  readonly now: () => number;
}

const REQUEST_MILLIS = 30_000;
/** Who may not publish now may when the key is mended: nothing is thrown away for a setting. */
const REFUSED_FOR_NOW: ReadonlySet<number> = new Set([401, 403, 404, 408, 425, 429]);

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** In a few words, which hold nothing of what was published. */
const wordsOf = (status: number, text: string): string => {
  const error = errorData.safeParse((parseJson(text) as { data?: unknown } | null | undefined)?.data);
  return error.success ? `${status} ${error.data.code}: ${error.data.message}` : `${status}`;
};

const networkReason = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
};

/** One request to a deployment, which it may answer in any way, or not at all. */
const ask = async (
  options: PostOptions,
  key: string,
  body: string,
): Promise<Response | { readonly failed: string }> => {
  const { base, authorization } = options;
  try {
    return await options.fetch(`${base}${calls.broadcast.path}`, {
      method: calls.broadcast.method,
      headers: { ...(await authorization()), 'content-type': 'application/json', 'idempotency-key': key },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_MILLIS),
    });
  } catch (error) {
    return { failed: networkReason(error) };
  }
};

/** Publishes an event under its name: however often that is done, and by however many, it is published once. */
export const postTo =
  (options: PostOptions): Post =>
  async ({ event: { type, topic, data }, key }) => {
    const response = await ask(options, key, JSON.stringify({ messageType: type, topic, data }));
    if ('failed' in response) return { kind: 'passing', reason: response.failed, waitMillis: 0 };
    const { status, headers } = response;
    const text = await response.text().catch(() => '');
    if (response.ok) return { kind: 'published', repeated: headers.get('idempotency-replayed') === 'true' };
    const reason = `it answered ${wordsOf(status, text)}`;
    if (status < 500 && !REFUSED_FOR_NOW.has(status)) return { kind: 'refused', reason };
    return {
      kind: 'passing',
      reason,
      waitMillis: retryAfterMillis(headers.get('retry-after'), options.now()) ?? 0,
    };
  };

/** What keeps a deployment from taking what would be published there; undefined where nothing does. Publishes nothing. */
export const reasonAgainst = async (options: PostOptions): Promise<string | undefined> => {
  const response = await ask(options, 'bridge:nothing', '[]');
  if ('failed' in response) return `cannot be reached: ${response.failed}`;
  const text = await response.text().catch(() => '');
  // An empty list is refused, by a deployment that would take a full one.
  const words = wordsOf(response.status, text);
  if (words.startsWith('400 VALIDATION_ERROR')) return undefined;
  if (response.status === 401 || response.status === 403) return `lets nobody publish with these credentials: ${words}`;
  if (response.status >= 500 || response.status === 429) return undefined;
  return `is no aideals deployment: it answered ${words} to ${calls.broadcast.method} ${calls.broadcast.path}`;
};
