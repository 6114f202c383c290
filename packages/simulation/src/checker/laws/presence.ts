import type { Conn, Pending } from '../conn.js';
import { isError, type Law, must, type Received } from '../law.js';
import type { View } from '../view.js';

/** `messageSent.status` tells whether a connection of the recipient took the message. */
export const presence = (view: View): Law => {
  const attempts = new Map<string, number>();
  /** Connections that should have taken a message: unless they turn out to be closing, that is a lie. */
  let doubts: { readonly conn: Conn; readonly raise: () => void }[] = [];

  const toldTruth = (conn: Conn, request: Pending, item: Received): void => {
    const { recipientId, status, messageId } = item.wire.data;
    if (attempts.get(request.request.data['content'] as string) !== 1) return;
    const of = [...view.conns.values()].filter(({ user, id }) => user === recipientId && id !== conn.id);
    const said = () => `${String(messageId)} was ${String(status)}`;
    // A connection that the server does not know to be gone takes it as well.
    const could = of.some(({ life }) => life === conn.life);
    if (status === 'delivered') must('delivered means taken', could, said, item);
    if (status !== 'stored') return;
    const raise = (): void => must('stored means that no one was there', false, said, item);
    for (const conn of of) {
      const { settled, closed, lapsed, exps } = conn;
      const there = settled !== undefined && settled < request.index && closed === undefined;
      if (there && !lapsed && exps.length === 1) doubts.push({ conn, raise });
    }
  };

  return {
    see(item) {
      if (item.kind === 'closed') doubts = doubts.filter(({ conn }) => conn.id !== item.conn);
      if (item.kind === 'quiet') doubts[0]?.raise();
      if (item.kind === 'sent' && item.request.action === 'sendMessage') {
        const content = item.request.data['content'] as string;
        attempts.set(content, (attempts.get(content) ?? 0) + 1);
      }
      if (item.kind !== 'received' || isError(item)) return;
      if (view.request?.request.action !== 'sendMessage') return;
      toldTruth(view.conn(item.conn), view.request, item);
    },
  };
};
