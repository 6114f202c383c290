/** What one operation uses. Requests to DynamoDB are counted on the functions themselves, over a local DynamoDB. */
export interface Operation {
  readonly invocations: number;
  /** Billed, in GB-seconds: memory times time. Times are assumed; X-Ray shows what they are. */
  readonly gbSeconds: number;
  readonly writes: number;
  readonly reads: number;
  /** Written to logs: of the platform, of access, and what is measured. */
  readonly logBytes: number;
}

const LOG_BYTES = 1_100;

const milliseconds = (ms: number, memory = 0.5): number => (ms / 1_000) * memory;

/** A connection from beginning to end: `$connect`, the hand-over, `$disconnect`, and its rows in the sweep. */
export const SESSION: Operation = {
  invocations: 3,
  gbSeconds: milliseconds(60 + 80 + 40),
  writes: 24,
  reads: 12,
  logBytes: 3 * LOG_BYTES,
};

/** A frame that asks for little: a ping, a status. */
export const PING: Operation = {
  invocations: 1,
  gbSeconds: milliseconds(20),
  writes: 1,
  reads: 2,
  logBytes: LOG_BYTES,
};

/** A message of chat, stored for its recipient. */
export const CHAT: Operation = {
  invocations: 1,
  gbSeconds: milliseconds(40),
  writes: 7,
  reads: 9,
  logBytes: LOG_BYTES,
};

/** An event that is published, without those who get it. */
export const PUBLISH: Operation = {
  invocations: 1,
  gbSeconds: milliseconds(60, 1),
  writes: 3,
  reads: 6,
  logBytes: LOG_BYTES,
};

/** One receiver of an event: its row is read, its place in a piece of work written, moved on and deleted. */
export const DELIVERY: Operation = {
  invocations: 1 / 400,
  gbSeconds: milliseconds(2.5, 1),
  writes: 0.05,
  reads: 0.07,
  logBytes: LOG_BYTES / 400,
};

/** The sweep, each minute. */
export const SWEEP: Operation = {
  invocations: 1,
  gbSeconds: milliseconds(250),
  writes: 2,
  reads: 30,
  logBytes: LOG_BYTES,
};
