import { isExpired } from '../auth/expiry.js';
import { written } from '../delivery/claimed.js';
import { readWaiting } from '../delivery/mailbox.js';
import { waitingFrame } from '../delivery/stored.js';
import type { Continuation, Outcome } from '../outcome.js';
import type { ConnectionRecord, Ports } from '../ports/index.js';

export interface HandoverContext {
  readonly ports: Ports;
  readonly now: number;
}

/**
 * The next page of what waits for the user of a connection. Until the mark is cleared, senders only store: it is cleared
 * only while it is still the one from before a read that found nothing, so that nothing stored meanwhile is passed over.
 */
export const handOver = async (
  cx: HandoverContext,
  record: ConnectionRecord,
  at: Extract<Continuation, { kind: 'handover' }>,
): Promise<Outcome> => {
  const { directory } = cx.ports;
  const { connectionId, userId } = record;
  const mark = await directory.markOf(connectionId);
  const page = await readWaiting(cx.ports, userId, at.after);
  if (page.last === undefined) {
    // The mark of an expired token stays: the refresh begins the hand-over anew.
    if (mark === undefined || isExpired(record, cx.ports.clock.now())) return {};
    // First: what comes between the two would be left to a hand-over that has ended.
    cx.ports.userRelay?.handedOver(connectionId, at.after);
    return (await directory.unmark(connectionId, mark)) ? {} : { next: [at] };
  }
  // What was read may be committed and no more: what is pushed must survive a crash.
  if (page.items.length > 0) await (await written(cx.ports.table)).flushed;
  const to = [connectionId];
  return {
    pushes: page.items.map((item) => ({ to, frame: waitingFrame(item, cx.now) })),
    next: [{ kind: 'handover', after: page.last }],
  };
};

export const handOverAll: Extract<Continuation, { kind: 'handover' }> = { kind: 'handover', after: '' };
