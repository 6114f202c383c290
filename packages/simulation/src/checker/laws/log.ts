import { type Law, must } from '../law.js';
import type { Seen } from '../trace.js';
import { idsIn, type Known, publishBodies, tagOf } from '../truth.js';
import type { View } from '../view.js';

const KEY_MS = 24 * 60 * 60 * 1000;

/** The log at the end is dense, holds what was confirmed, each once, and lists whole. */
export const log = (view: View): Law => {
  const { truth, rules } = view;
  const bodies = new Map<number, string>();
  const lists: (readonly string[])[] = [];
  const promised = new Map<string, Seen>();

  const trimmed = (known: Known): boolean => {
    if (known.offset >= truth.finalBegin) return false;
    const aged = view.latest >= known.said.at + rules.retentionEventsSeconds * 1000;
    return aged || truth.finalEnd - known.offset >= rules.retentionEvents;
  };

  const dense = (): void => {
    for (let offset = truth.finalBegin; offset <= truth.finalEnd; offset++) {
      must('the log is dense', truth.final?.has(offset) ?? false, () => `there is no event at ${offset}`);
    }
  };

  const kept = (): void => {
    for (const [id, item] of promised) {
      const known = truth.byId.get(id) as Known;
      const there = truth.final?.get(known.offset)?.id === id || trimmed(known);
      must('what was confirmed is there', there, () => `${id} (${known.tag}) was confirmed and is gone`, item);
    }
  };

  const once = (): void => {
    const stored = new Map<string, number>();
    for (const { tag } of truth.final?.values() ?? []) stored.set(tag, (stored.get(tag) ?? 0) + 1);
    for (const [tag, count] of stored) {
      const said = truth.published.get(tag);
      if (said === undefined) continue;
      const most = said.key !== undefined && view.latest - said.at < KEY_MS ? 1 : said.attempts;
      must('a key stores once', count <= most, () => `${tag} is in the log ${count} times`);
    }
    const first = truth.final?.get(truth.finalBegin);
    for (const tags of lists) {
      // A list may be trimmed in its middle.
      const cut = first !== undefined && tags.includes(first.tag);
      const there = tags.filter((tag) => stored.has(tag)).length;
      const whole = there === 0 || there === tags.length;
      must('a list is stored whole or not at all', whole || cut, () => `${tags.join()} are there in part`);
    }
  };

  return {
    see(item) {
      if (item.kind === 'called' && item.name === 'broadcast') {
        bodies.set(item.call, item.body as string);
        const tags = publishBodies(item.body as string).map(({ data }) => tagOf(data));
        if (tags.length > 1) lists.push(tags);
      }
      if (item.kind !== 'answered' || item.status !== 200 || !bodies.has(item.call)) return;
      for (const id of idsIn(item.body)) promised.set(id, item);
    },
    end() {
      if (truth.final === undefined) return;
      dense();
      kept();
      once();
    },
  };
};
