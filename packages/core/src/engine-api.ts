import type { CallName } from '@aideals/protocol';
import type { Principal } from './auth/principal.js';
import type { Continuation, Handshake, Opening, Outcome } from './outcome.js';
import type { Awaitable, ConnectionRecord, DueEvent } from './ports/index.js';

/** An HTTP call as it came: the runtime has found its name by method and path. */
export interface RawCall {
  readonly call: CallName;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** The text of the body; undefined where there is none. */
  readonly body: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** A line with its number, counted from 1; or why it could not be read. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly problem: string };

/** A stream of lines as it begins, each of which is the body of a call. */
export interface RawLines {
  readonly call: 'broadcast';
  readonly query: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | undefined;
}

/** A stream of lines that is taken in. Nothing here throws. */
export interface LineIntake {
  /**
   * Publishes the next lines. An answer ends the stream: nothing more is taken. Where the stream has a key, a repeat is known
   * where its lines come in the same lists.
   */
  take(lines: readonly Line[]): Promise<CallResponse | undefined>;
  /** All lines were taken. */
  end(): CallResponse;
}

export type LinesOpening =
  | { readonly ok: true; readonly intake: LineIntake }
  | { readonly ok: false; readonly response: CallResponse };

/** Always a JSON answer; `body` is undefined for a 204. */
export interface CallResponse {
  readonly status: number;
  /** The JSON text. */
  readonly body: string | undefined;
  readonly retryAfter?: number;
  readonly replayed?: boolean;
}

/** Who calls: what stood behind Bearer or X-Api-Key, if anything. */
export interface Credentials {
  readonly bearer: string | undefined;
  readonly apiKey: string | undefined;
  readonly ip: string;
}

export type Authorised =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly response: CallResponse };

/**
 * The core: one exchange per inbound event. Nothing here throws for bad input; an outcome or a response says it.
 * An engine holds only what can be built again from its ports.
 */
export interface Engine {
  /** As `open`, but registers nothing: what a plain GET is told. */
  admit(handshake: Handshake): Promise<Opening>;
  /** Before 101: who is it, and may it come in. Registers the connection where it may. */
  open(handshake: Handshake): Promise<Opening>;
  /** Right after 101: takes over an older connection of the same client, sets the timers, begins the hand-over. */
  opened(record: ConnectionRecord): Awaitable<Outcome>;
  /** One text message. `bytes` is its length in UTF-8. */
  frame(record: ConnectionRecord, text: string, bytes: number): Awaitable<Outcome>;
  /** Whether a frame may begin while earlier ones that may too are not done. */
  pipelined(text: string): boolean;
  /** Whether a frame must not be served while a page of the connection is being read or given. */
  betweenPages(text: string): boolean;
  /** The next page of work on a connection. */
  resume(record: ConnectionRecord, continuation: Continuation): Awaitable<Outcome>;
  /** The socket is gone. Idempotent. */
  closed(connectionId: string): Awaitable<void>;
  /** Something came due. The outcome concerns `connectionId`, where it is given. */
  due(event: DueEvent): Awaitable<{ readonly connectionId?: string; readonly outcome: Outcome }>;
  /** An HTTP call. */
  call(credentials: Credentials, call: RawCall): Promise<CallResponse>;
  /** An HTTP call whose body is a stream of lines: looked at before the first of them is read. */
  lines(credentials: Credentials, lines: RawLines): Promise<LinesOpening>;
}
