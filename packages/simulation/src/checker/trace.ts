import type { JsonObject } from '@aideals/protocol';

/** A frame that a client sent. */
export interface Request {
  readonly action: string;
  readonly data: JsonObject;
  readonly requestId: string;
}

/** A frame that a connection received. */
export interface Wire {
  readonly type: string;
  readonly data: JsonObject;
  readonly requestId?: string;
  readonly timestamp: number;
  readonly topic?: string;
  readonly id?: string;
  readonly replay?: string;
  readonly conflated?: number;
  readonly lastEventId?: string;
  /** What was laid over an event's data for matching. */
  readonly filters?: JsonObject;
}

/** Who dials: an auditor reads the whole log at the end and takes part in nothing else. */
export type Role = 'user' | 'audit';

/** One thing that could be seen from outside. */
export type Sight =
  /** The server is up. `epoch` names the segment of the log that began with it. */
  | { readonly kind: 'started'; readonly epoch: string }
  | { readonly kind: 'crashed' }
  /** The clock of the server shows another time. */
  | { readonly kind: 'clock' }
  /** The store failed. */
  | { readonly kind: 'fault'; readonly port: string }
  /** All that was sent has been handled, and all that was pushed has been read. */
  | { readonly kind: 'quiet' }
  | {
      readonly kind: 'dial';
      readonly conn: string;
      readonly user: string;
      readonly client: string | undefined;
      /** When the token expires, in Unix seconds. */
      readonly exp: number;
      readonly role: Role;
    }
  | { readonly kind: 'accepted'; readonly conn: string }
  | { readonly kind: 'refused'; readonly conn: string; readonly status: number }
  /** `stream` names the logical subscription that goes on over reconnects. */
  | { readonly kind: 'sent'; readonly conn: string; readonly request: Request; readonly stream?: string }
  /** The socket took a frame for sending. `since` is the step at which the oldest exchange that still ran had begun. */
  | { readonly kind: 'taken'; readonly conn: string; readonly wire: Wire; readonly since: number }
  | { readonly kind: 'received'; readonly conn: string; readonly wire: Wire }
  /** The client stopped reading for a while. */
  | { readonly kind: 'stalled'; readonly conn: string }
  /** The connection ended for the client; `code` where the server said why. */
  | { readonly kind: 'closed'; readonly conn: string; readonly code: number | undefined }
  /** An HTTP call; calls that repeat each other have one `logical` name. */
  | {
      readonly kind: 'called';
      readonly call: number;
      readonly logical: string;
      readonly name: string;
      readonly body: string | undefined;
      readonly params: Readonly<Record<string, string>>;
      readonly key: string | undefined;
    }
  | {
      readonly kind: 'answered';
      readonly call: number;
      readonly status: number;
      readonly body: string | undefined;
      readonly replayed: boolean;
    }
  /** What the server still keeps after everyone has left. */
  | { readonly kind: 'sizes'; readonly sizes: Readonly<Record<string, number>> };

export type Seen = Sight & {
  readonly index: number;
  /** The step of the scheduler. */
  readonly step: number;
  /** Unix milliseconds by the clock of the server. */
  readonly clock: number;
};

export type SeenOf<K extends Sight['kind']> = Extract<Seen, { kind: K }>;

/** What the deployment was set to. */
export interface Rules {
  readonly mailbox: number;
  readonly tokenGraceSeconds: number;
  readonly retentionMessagesSeconds: number;
  readonly retentionNotificationsSeconds: number;
  readonly retentionEvents: number;
  readonly retentionEventsSeconds: number;
  /** Whether token buckets are small enough to refuse. */
  readonly limited: boolean;
}

/** A law that does not hold, and where that was seen. */
export class Broken extends Error {
  readonly law: string;
  readonly at: Seen | undefined;

  constructor(law: string, message: string, at?: Seen) {
    super(message);
    this.name = 'Broken';
    this.law = law;
    this.at = at;
  }
}
