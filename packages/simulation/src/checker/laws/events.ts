import { isDeepStrictEqual } from 'node:util';
import type { Conn, Replay } from '../conn.js';
import { allCame, askedOf, conflationTold, goesToAny } from '../gaps.js';
import { offsetOf, placeOf } from '../ids.js';
import { isServed, type Law, must, type Received } from '../law.js';
import type { Seen } from '../trace.js';
import { goesTo, type Known, tagOf } from '../truth.js';
import type { View } from '../view.js';

const isInReplay = (conn: Conn, id: string): boolean =>
  conn.replays.some(({ sub, cancelled }) => sub.id === id && !cancelled);

/** Deal events come to those who asked, once, in order, and without a gap that is not told. */
export const events = (view: View): Law => {
  const { truth } = view;

  const genuine = (item: Received, id: string): Known => {
    const { type, topic, data, filters } = item.wire;
    const said = truth.published.get(tagOf(data));
    const unchanged =
      said !== undefined &&
      said.type === type &&
      said.topic === topic &&
      isDeepStrictEqual(said.data, data) &&
      (filters === undefined || isDeepStrictEqual(said.filters, filters));
    must('an event is what was published', unchanged, () => `${id} is not what was published`, item);
    const known = truth.byId.get(id) as Known;
    const one = known.tag === tagOf(data);
    must('an id names one event', one, () => `${id} is ${known.tag} and ${tagOf(data)}`, item);
    return known;
  };

  /** Subscriptions that are confirmed, and those that are asked for and may be active. */
  const asked = (conn: Conn, known: Known): boolean =>
    [...conn.subs.values(), ...askedOf(conn)].some((wish) => goesTo(known, wish));

  /** The cursor of each subscription but those in replay is at this id now: nothing may be missing before it. */
  const served = (conn: Conn, to: number, item: Seen): void => {
    for (const sub of conn.subs.values()) {
      if (to <= sub.kept || isInReplay(conn, sub.id)) continue;
      allCame(view, conn, sub, { after: sub.kept, to, came: conn.events }, item);
      sub.kept = to;
    }
  };

  const live = (conn: Conn, known: Known, item: Received): void => {
    must('nothing comes that was not asked for', asked(conn, known), () => `${known.id} came to ${conn.id}`, item);
    const waiting = conn.replays.find(({ cancelled }) => !cancelled);
    const between = () => `${known.id} came to ${conn.id} during the replay of ${waiting?.sub.id}`;
    must('nothing comes between a replay', waiting === undefined, between, item);
    const order = () => `${known.id} came to ${conn.id} after offset ${conn.live}`;
    must('ids grow', known.offset > conn.live, order, item);
    const born = truth.lives.get(known.epoch);
    must('a start begins an epoch', born === conn.life, () => `${known.id} is of life ${born}`, item);
    conn.live = known.offset;
  };

  const replayed = (conn: Conn, id: string, known: Known, item: Received): void => {
    const replay = conn.replays.find(({ cancelled }) => !cancelled) as Replay | undefined;
    const turn = () => `${known.id} was replayed for ${id}, not for ${replay?.sub.id}`;
    must('replays follow one another', replay?.sub.id === id, turn, item);
    if (replay === undefined) return;
    const { sub } = replay;
    must(
      'nothing comes that was not asked for',
      goesToAny(known, sub),
      () => `${known.id} was replayed for ${id}`,
      item,
    );
    const order = () => `${known.id} was replayed for ${id} after offset ${replay.last}`;
    must('ids grow', known.offset > replay.last, order, item);
    allCame(view, conn, sub, { after: replay.last, to: known.offset - 1, came: replay.ids }, item);
    replay.last = known.offset;
    replay.ids.add(known.id);
  };

  const event = (conn: Conn, id: string, item: Received): void => {
    const known = genuine(item, id);
    conn.conflated += item.wire.conflated ?? 0;
    if (item.wire.replay === undefined) live(conn, known, item);
    else replayed(conn, item.wire.replay, known, item);
    conn.events.add(id);
    if (item.wire.replay === undefined) served(conn, known.offset, item);
    conflationTold(conn, item);
  };

  const atRest = (conn: Conn, item: Seen): void => {
    if (!isServed(conn)) return;
    const unfinished = conn.replays.find(({ cancelled }) => !cancelled);
    const never = () => `the replay of ${unfinished?.sub.id} on ${conn.id} never ended`;
    must('a replay ends', unfinished === undefined, never, item);
    for (const sub of conn.subs.values()) {
      const stretch = { after: sub.kept, to: Number.POSITIVE_INFINITY, came: conn.events, knownBefore: item.index };
      allCame(view, conn, sub, stretch, item);
    }
    conflationTold(conn, item);
  };

  return {
    see(item) {
      if (item.kind === 'quiet') for (const conn of view.open()) atRest(conn, item);
      if (item.kind !== 'received') return;
      const conn = view.conn(item.conn);
      const { id, type, lastEventId } = item.wire;
      if (id !== undefined) {
        const shaped = placeOf(id).epoch.length > 0 && offsetOf(id) > 0;
        must('an event has a place', shaped, () => `${id} is no place`, item);
        event(conn, id, item);
      } else if (type === 'pong' && lastEventId !== undefined) served(conn, offsetOf(lastEventId), item);
    },
  };
};
