import type { Conn } from './conn.js';
import { offsetOf, placeOf } from './ids.js';
import { must, type Received } from './law.js';
import type { View } from './view.js';

/** No log of a run gets that far. */
const FAR_AHEAD = 1_000_000;

/** Whether the log that a connection met still held the place that a cursor names, as far as the trace can tell. */
export const isCovered = ({ truth }: View, conn: Conn, cursor: string): 'yes' | 'no' | 'unknown' => {
  const { epoch, offset } = placeOf(cursor);
  const born = truth.lives.get(epoch);
  if (born === undefined) return 'no';
  if (truth.final === undefined) return 'unknown';
  if (truth.final.get(offset)?.id === cursor) return 'yes';
  if (offset > truth.finalEnd && born < conn.life) return 'no';
  if (offset >= truth.finalBegin && born < conn.life) return 'no';
  if (offset > FAR_AHEAD) return 'no';
  return born === conn.life && truth.byId.has(cursor) ? 'yes' : 'unknown';
};

/**
 * Whether an event may have been trimmed in a life of the server: enough came after it, or it is old enough. A crash may
 * undo a trim: only in the last life does the log at the end tell.
 */
export const mayBeTrimmed = (view: View, offset: number, life: number): boolean => {
  const { truth, rules, latest } = view;
  if (life === truth.lives.size && truth.final?.has(offset)) return false;
  const known = truth.events.filter((event) => event.offset === offset);
  const end = Math.max(truth.finalEnd, truth.events.at(-1)?.offset ?? 0);
  if (end - offset >= rules.retentionEvents) return true;
  return known.length === 0 || known.some(({ said }) => latest >= said.at + rules.retentionEventsSeconds * 1000);
};

/** Holds what `lost` says against what is known. */
export const lostIsTrue = (view: View, conn: Conn, cursor: string, item: Received): void => {
  const { lost, lastEventId } = item.wire.data;
  const { reason, oldest } = (lost ?? {}) as { reason?: string; oldest?: string | null };
  const { epoch, offset } = placeOf(cursor);
  const born = view.truth.lives.get(epoch);
  const said = () => `${cursor} was told lost (${reason}, oldest ${oldest}) in life ${conn.life}`;
  const law = 'nothing is called lost that is there';
  must('what is lost is told', lost !== undefined && oldest !== undefined, said, item);
  if (typeof oldest === 'string') {
    const from = offsetOf(lastEventId as string);
    must('what is there is replayed', from < offsetOf(oldest), said, item);
  }
  if (reason === 'retention') must(law, born !== undefined && mayBeTrimmed(view, offset + 1, conn.life), said, item);
  else if (reason === 'epoch') must(law, isCovered(view, conn, cursor) !== 'yes' && born !== conn.life, said, item);
  else if (reason === 'unknown') must(law, isCovered(view, conn, cursor) !== 'yes' && born === conn.life, said, item);
  else must('what is lost is told', false, said, item);
  if (born === undefined) must('what is lost is told', reason === 'epoch', said, item);
};
