import type { Conn } from './conn.js';
import { Broken, type Seen, type SeenOf } from './trace.js';
import type { View } from './view.js';

/** A law watches a trace, item by item, after the view has seen each, and throws `Broken` where it does not hold. */
export interface Law {
  see(item: Seen): void;
  end?(): void;
}

export type MakeLaw = (view: View) => Law;

export type Received = SeenOf<'received'>;

/** Throws unless it holds. */
export const must = (law: string, holds: boolean, message: () => string, at?: Seen): void => {
  if (!holds) throw new Broken(law, message(), at);
};

export const isError = ({ wire }: Received, code?: string): boolean =>
  wire.type === 'error' && (code === undefined || wire.data['code'] === code);

/** Whether the promises of live delivery hold for a connection: it is open, and its token was good all the time. */
export const isServed = (conn: Conn): boolean => conn.role === 'user' && !conn.lapsed;
