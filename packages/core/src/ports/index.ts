import type { Clock, Ids } from './clock.js';
import type { Directory } from './directory.js';
import type { Gateway } from './gateway.js';
import type { Limiter } from './limiter.js';
import type { EventRelay, UserRelay } from './relay.js';
import type { Schedule } from './schedule.js';
import type { Streams } from './streams.js';
import type { Table } from './table.js';
import type { Telemetry } from './telemetry.js';
import type { Turns } from './turns.js';

export * from './awaitable.js';
export * from './bus.js';
export * from './clock.js';
export * from './directory.js';
export * from './gateway.js';
export * from './limiter.js';
export * from './relay.js';
export * from './schedule.js';
export * from './streams.js';
export * from './table.js';
export * from './telemetry.js';
export * from './turns.js';

/** Everything outside that the engine works on. */
export interface Ports {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly table: Table;
  readonly streams: Streams;
  readonly directory: Directory;
  readonly gateway: Gateway;
  readonly limiter: Limiter;
  readonly schedule: Schedule;
  readonly turns: Turns;
  readonly telemetry: Telemetry;
  /** A collision-free digest of a text (SHA-256, say), in letters and digits. */
  readonly digest: (text: string) => string;
  /** Where several nodes share the log. */
  readonly eventRelay?: EventRelay;
  /** Where several nodes share the table. */
  readonly userRelay?: UserRelay;
}
