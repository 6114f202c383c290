import type { EventData, History } from './history.js';
import { isBefore, type Logs, type Place } from './logs.js';
import type { Report } from './verdict.js';

/** Every id under which a tag was stored, by tag. */
const idsByTag = ({ events, publications }: History): ReadonlyMap<string, ReadonlySet<string>> => {
  const ids = new Map<string, Set<string>>();
  const saw = (tag: string, id: string): void => {
    const known = ids.get(tag) ?? new Set();
    ids.set(tag, known.add(id));
  };
  for (const [id, { tag }] of events) saw(tag, id);
  for (const { tag, id } of publications) if (id !== undefined) saw(tag, id);
  return ids;
};

const isSame = (a: EventData, b: EventData): boolean => a.tag === b.tag && a.topic === b.topic && a.shop === b.shop;

/** What was published, against what was stored: each thing once, as it was said, in the order of its publisher. */
export const checkLog = (history: History, logs: Logs, report: Report): void => {
  const { events, publications, conflicts } = history;
  for (const [id, one, other] of conflicts) report('doubled', `${id} is ${one.tag} and ${other.tag}`);
  const made = new Map(publications.map((publication) => [publication.tag, publication]));
  for (const [id, event] of events) {
    const publication = made.get(event.tag);
    if (publication === undefined) report('ghost', `${id} is ${event.tag}, which nobody published`);
    else if (publication.outcome === 'refused') report('ghost', `${id} is ${event.tag}, which was refused`);
    else if (!isSame(event, publication)) report('ghost', `${id} is ${event.tag}, and not as it was published`);
  }
  for (const [tag, ids] of idsByTag(history)) {
    const places = [...ids].map((id) => logs.placeOf(id));
    // A key is forgotten with its log: a repeat is stored again in the next one.
    const isTwice = places.some((a, i) => places.some((b, j) => i < j && a.log === b.log));
    if (isTwice) report('doubled', `${tag} is stored as ${[...ids].join(' and ')}`);
  }
  const seen = new Set([...events.values()].map(({ tag }) => tag));
  for (const { tag, id, outcome } of publications) {
    if (outcome === 'confirmed' && id === undefined && !seen.has(tag)) {
      report('lost', `${tag} was confirmed, and nobody ever got it`);
    }
  }
  const lastOf = new Map<string, { readonly place: Place; readonly tag: string }>();
  for (const { publisher, tag, id, isRepeated } of publications) {
    // What was tried several times may have been stored at the first time, and is confirmed as that.
    if (id === undefined || isRepeated) continue;
    const place = logs.placeOf(id);
    const before = lastOf.get(publisher);
    if (before !== undefined && !isBefore(before.place, place)) {
      report('reordered', `${publisher}: ${tag} is ${id}, and ${before.tag} was confirmed before it was sent`);
    }
    lastOf.set(publisher, { place, tag });
  }
};
