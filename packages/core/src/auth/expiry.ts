import type { ConnectionRecord } from '../ports/index.js';

/** Whether a connection's token is past its time. `now` is Unix milliseconds. */
export const isExpired = (record: ConnectionRecord, now: number): boolean => record.tokenExp * 1000 <= now;
