import type { JsonObject } from '@aideals/protocol';
import type { Conn, Pending, Replay, Sub } from '../conn.js';
import { allCame, conflationTold, wishOf } from '../gaps.js';
import { offsetOf } from '../ids.js';
import { isError, type Law, must, type Received } from '../law.js';
import { isCovered, lostIsTrue, mayBeTrimmed } from '../positions.js';
import type { View } from '../view.js';

const sorted = (filters: JsonObject): string =>
  JSON.stringify(Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1)));

const sameWish = (a: Pick<Sub, 'topic' | 'filters'>, b: Pick<Sub, 'topic' | 'filters'>): boolean =>
  a.topic === b.topic && sorted(a.filters) === sorted(b.filters);

/** What a subscription is told about itself is true: its id, its position, its replay and its end. */
export const subscriptions = (view: View): Law => {
  const resumed = (conn: Conn, sub: Sub, cursor: string, item: Received): void => {
    const { recovered, lost, lastEventId } = item.wire.data;
    const covered = isCovered(view, conn, cursor);
    if (recovered === true) {
      const kept = lastEventId === cursor && lost === undefined;
      must('every gap is told', covered !== 'no', () => `${cursor} was told recovered, but is lost`, item);
      must('positions are kept', kept, () => `${cursor} was recovered as ${String(lastEventId)}`, item);
    } else {
      must('what is lost is told', recovered === false, () => `${cursor} was not answered`, item);
      lostIsTrue(view, conn, cursor, item);
    }
    conn.replays.push({ sub, ids: new Set(), last: sub.from, trimmed: 0, cancelled: false });
  };

  const confirmed = (conn: Conn, { request, stream }: Pending, item: Received): void => {
    const { data } = item.wire;
    const wish = wishOf(request.data);
    const id = data['subscriptionId'] as string;
    const told = { topic: data['topic'] as string, filters: data['filters'] as JsonObject };
    must('a subscription is what was asked for', sameWish(wish, told), () => `${id} is another one`, item);
    const present = [...conn.subs.values()].find((sub) => sameWish(sub, wish));
    const same = (present === undefined && !conn.subs.has(id)) || present?.id === id;
    must('equal subscriptions are one', same, () => `${id} beside ${present?.id}`, item);
    const from = offsetOf(data['lastEventId'] as string);
    const sub = present ?? { ...wish, id, stream, from, kept: from };
    conn.subs.set(id, sub);
    if (present === undefined) conn.wishes.push(sub);
    const cursor = request.data['lastEventId'];
    if (typeof cursor === 'string') resumed(conn, { ...sub, from }, cursor, item);
    else {
      const silent = data['recovered'] === undefined && data['lost'] === undefined;
      must('positions are kept', silent, () => `${id} was resumed without being asked for`, item);
    }
  };

  const ended = (conn: Conn, id: string): void => {
    conn.subs.delete(id);
    for (const replay of conn.replays) if (replay.sub.id === id) replay.cancelled = true;
  };

  const unsubscribed = (conn: Conn, { request }: Pending, item: Received): void => {
    const id = request.data['subscriptionId'];
    if (typeof id === 'string') {
      const known = conn.subs.has(id);
      must('one ends one’s own subscriptions', known, () => `${conn.id} ended ${id}, which it did not have`, item);
      ended(conn, id);
      return;
    }
    const topic = request.data['topic'] ?? 'all-deals';
    for (const sub of [...conn.subs.values()]) if (sub.topic === topic) ended(conn, sub.id);
  };

  /** Up to the position told the former filters have decided, from there on the new ones do. */
  const updated = (conn: Conn, { request }: Pending, item: Received): void => {
    const { data } = item.wire;
    const id = request.data['subscriptionId'] as string;
    const before = conn.subs.get(id);
    must('one changes one’s own subscriptions', before !== undefined, () => `${conn.id} changed ${id}`, item);
    if (before === undefined) return;
    const filters = request.data['filters'] as JsonObject;
    const told = { topic: data['topic'] as string, filters: data['filters'] as JsonObject };
    const wish = { topic: before.topic, filters };
    must('a subscription is what was asked for', sameWish(wish, told), () => `${id} is another one`, item);
    const other = [...conn.subs.values()].find((sub) => sub.id !== id && sameWish(sub, wish));
    const same =
      data['subscriptionId'] === (other?.id ?? id) && data['ended'] === (other === undefined ? undefined : id);
    must('equal subscriptions are one', same, () => `${id} beside ${other?.id}`, item);
    const from = offsetOf(data['lastEventId'] as string);
    const own = conn.replays.filter(({ sub, cancelled }) => sub.id === id && !cancelled);
    if (own.length === 0) allCame(view, conn, before, { after: before.kept, to: from, came: conn.events }, item);
    if (other !== undefined) {
      ended(conn, id);
      return;
    }
    const kept = own.length === 0 ? Math.max(before.kept, from) : Number.POSITIVE_INFINITY;
    const sub = { ...before, filters, from, kept };
    conn.subs.set(id, sub);
    conn.wishes.push(sub);
    for (const replay of own) {
      const former = [...(replay.sub.former ?? []), replay.sub.filters];
      replay.sub = { ...replay.sub, filters, former };
    }
  };

  /** Events were trimmed before the replay came to them: it goes on at the oldest that is there. */
  const trimmedMeanwhile = (conn: Conn, replay: Replay, item: Received): void => {
    const { oldest } = item.wire.data['lost'] as { oldest: string | null };
    const to = oldest === null ? offsetOf(item.wire.data['lastEventId'] as string) + 1 : offsetOf(oldest);
    const said = () => `the replay of ${replay.sub.id} was told lost up to ${oldest}`;
    must('nothing is called lost that is there', mayBeTrimmed(view, to - 1, conn.life), said, item);
    replay.trimmed = to - 1;
    replay.last = Math.max(replay.last, offsetOf(item.wire.data['lastEventId'] as string));
    const own = conn.subs.get(replay.sub.id);
    if (own !== undefined) own.kept = Math.max(own.kept, to - 1);
  };

  const recovered = (conn: Conn, item: Received): void => {
    const { subscriptionId, replayed, lastEventId, lost } = item.wire.data;
    const index = conn.replays.findIndex(({ sub }) => sub.id === subscriptionId);
    const replay = conn.replays[index];
    // One that tells of a gap is followed by another when all has come.
    if (replay !== undefined && lost === undefined) conn.replays.splice(index, 1);
    const asked = replay !== undefined && conn.replays.slice(0, index).every((before) => before.cancelled);
    must('replays follow one another', asked, () => `${String(subscriptionId)} was recovered out of turn`, item);
    if (replay === undefined || replay.cancelled) return;
    const { sub, ids } = replay;
    const to = offsetOf(lastEventId as string);
    if (lost !== undefined) trimmedMeanwhile(conn, replay, item);
    allCame(view, conn, sub, { after: Math.max(sub.from, replay.trimmed), to, came: ids }, item);
    const counted = () => `${sub.id} got ${ids.size} events and was told of ${String(replayed)}`;
    const own = conn.subs.get(sub.id);
    const isLast = !conn.replays.some((each) => each.sub.id === sub.id && !each.cancelled);
    if (own !== undefined && own.kept === Number.POSITIVE_INFINITY && isLast) own.kept = to;
    must('a replay tells its number', ids.size === replayed, counted, item);
    must('a replay tells its position', to >= replay.last, () => `${sub.id} is told ${String(lastEventId)}`, item);
    conflationTold(conn, item);
  };

  const status = (conn: Conn, item: Received): void => {
    const told = (item.wire.data['subscriptions'] as { subscriptionId: string }[]).map((one) => one.subscriptionId);
    const known = [...conn.subs.keys()];
    const same = told.length === known.length && known.every((id) => told.includes(id));
    must('the status is true', same, () => `${conn.id} has ${known.join()} and is told ${told.join()}`, item);
  };

  return {
    see(item) {
      if (item.kind !== 'received') return;
      const conn = view.conn(item.conn);
      if (item.wire.type === 'subscriptionRecovered') recovered(conn, item);
      const { request } = view;
      if (request === undefined || isError(item)) return;
      if (item.wire.type === 'subscriptionConfirmed') confirmed(conn, request, item);
      else if (item.wire.type === 'unsubscriptionConfirmed') unsubscribed(conn, request, item);
      else if (item.wire.type === 'subscriptionUpdated') updated(conn, request, item);
      else if (item.wire.type === 'statusUpdate') status(conn, item);
    },
  };
};
