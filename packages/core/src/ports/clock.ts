/** The only source of time in the core. */
export interface Clock {
  /** Unix time in milliseconds. May jump in either direction; nothing durable may depend on it being monotonic. */
  now(): number;
}

export type IdKind = 'connection' | 'subscription' | 'message' | 'notification' | 'error' | 'mark' | 'token';

/** The only source of chance in the core. */
export interface Ids {
  /** A new id; ids of one process sort by the time they were made. */
  next(kind: IdKind): string;
}

/** Milliseconds to the whole seconds of the wire. */
export const toSeconds = (ms: number): number => Math.floor(ms / 1000);
