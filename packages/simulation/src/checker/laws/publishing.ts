import { offsetOf, placeOf } from '../ids.js';
import { type Law, must } from '../law.js';
import type { SeenOf } from '../trace.js';
import { idsIn, publishBodies, tagOf } from '../truth.js';
import type { View } from '../view.js';

const KEY_MS = 24 * 60 * 60 * 1000;

type Called = SeenOf<'called'>;
type Answered = SeenOf<'answered'>;

interface Attempt {
  readonly called: Called;
  readonly faults: number;
  /** The highest offset that was confirmed before it was made. */
  readonly above: number;
}

interface Logical {
  /** What the first 200 said, and when it was seen. */
  body: string;
  at: number;
  readonly ids: readonly string[];
}

/** What a publisher is told is so: stored once under a key, in order, whole, and there at the end. */
export const publishing = (view: View): Law => {
  const attempts = new Map<number, Attempt>();
  const confirmed = new Map<string, Logical>();
  const bodies = new Map<string, { body: string | undefined; since: number }>();
  let above = 0;

  /** Keys are remembered for a day by a clock that jumps. */
  const remembered = (since: number): boolean => view.latest - since < KEY_MS;

  const idsOf = ({ called }: Attempt, body: string | undefined): readonly string[] =>
    called.name === 'broadcast'
      ? idsIn(body)
      : (JSON.parse(body ?? '{}') as { notificationIds: string[] }).notificationIds;

  const confirm = (attempt: Attempt, item: Answered): void => {
    const { called } = attempt;
    const ids = idsOf(attempt, item.body);
    const scope = `${called.name} ${called.key}`;
    const first = called.key === undefined ? undefined : confirmed.get(scope);
    if (first !== undefined && remembered((bodies.get(scope) as { since: number }).since)) {
      const again = () => `${called.logical} was ${first.ids.join()} and is ${ids.join()}`;
      must('a key stores once', first.ids.join() === ids.join() && first.body === called.body, again, item);
      const silent = () => `${called.logical} was not told that it was a repeat`;
      must('a repeat is told', first.at > called.index || item.replayed, silent, item);
    }
    if (called.key !== undefined && first === undefined) {
      confirmed.set(scope, { body: called.body ?? '', at: item.index, ids });
    }
    must('a repeat is told', called.key !== undefined || !item.replayed, () => `${called.logical} has no key`, item);
    if (called.name === 'broadcast') events(attempt, ids, item);
  };

  const events = ({ called, above: before }: Attempt, ids: readonly string[], item: Answered): void => {
    const bodiesOf = publishBodies(called.body as string);
    const places = ids.map(placeOf);
    const first = places[0] as (typeof places)[number];
    const dense = places.every(({ epoch, offset }, i) => epoch === first.epoch && offset === first.offset + i);
    const listed = () => `${called.logical} is ${ids.join()}`;
    must('a list is one stretch of the log', dense && ids.length === bodiesOf.length, listed, item);
    for (const [i, body] of bodiesOf.entries()) {
      const known = view.truth.byId.get(ids[i] as string);
      const tag = tagOf(body.data);
      must('an id names one event', known?.tag === tag, () => `${ids[i]} is ${known?.tag} and ${tag}`, item);
    }
    const replies = [JSON.parse(item.body as string)].flat() as { delivered: number; total: number }[];
    const sane = replies.every(({ delivered, total }) => delivered <= total);
    must('delivered is at most total', sane, () => item.body as string, item);
    if (item.replayed) return;
    const order = () => `${first.offset} was given after ${before} had been confirmed`;
    must('ids follow what was confirmed', first.offset > before, order, item);
    above = Math.max(above, offsetOf(ids.at(-1) as string));
  };

  const refuse = ({ called, faults }: Attempt, item: Answered): void => {
    const told = () => `${called.logical} was answered with ${item.status} ${item.body}`;
    if (item.status === 409) {
      const scope = `${called.name} ${called.key}`;
      must('no error without a cause', called.key !== undefined && bodies.get(scope)?.body !== called.body, told, item);
      return;
    }
    if (item.status === 404 && called.name === 'closeConnection') return;
    const full = item.status === 400 && called.name === 'notifications';
    const limited = item.status === 429 && view.rules.limited;
    must('no error without a cause', full || limited || (item.status >= 500 && view.faults > faults), told, item);
  };

  return {
    see(item) {
      if (item.kind === 'clock') {
        // A key is remembered from the moment of its append, and the clock may have gone back until then.
        for (const body of bodies.values()) body.since = Math.min(body.since, item.clock);
      } else if (item.kind === 'called') {
        attempts.set(item.call, { called: item, faults: view.faults, above });
        const scope = `${item.name} ${item.key}`;
        // Whichever body comes first wins, so two bodies under a key may each be the other one.
        const before = bodies.get(scope);
        if (before === undefined) bodies.set(scope, { body: item.body, since: item.clock });
        else if (before.body !== item.body) before.body = undefined;
      } else if (item.kind === 'answered') {
        const attempt = attempts.get(item.call) as Attempt;
        attempts.delete(item.call);
        if (item.status === 200) confirm(attempt, item);
        else if (item.status !== 204) refuse(attempt, item);
      } else if (item.kind === 'crashed') attempts.clear();
      else if (item.kind === 'quiet') {
        const [waiting] = attempts.values();
        must('each call is answered', waiting === undefined, () => `${waiting?.called.logical} was not`, item);
      }
    },
  };
};
