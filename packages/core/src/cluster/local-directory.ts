import type { ConnectionRecord, Directory } from '../ports/index.js';

type AtOnce<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Awaited<R> : T[K];
};

/** The directory of one node’s own connections: it answers at once. */
export interface LocalDirectory extends AtOnce<Directory> {
  /** The connections that have a subscription. */
  subscribers(): Iterable<string>;
  /** All connections. */
  records(): readonly ConnectionRecord[];
}
