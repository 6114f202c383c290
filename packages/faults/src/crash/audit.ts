import type { Findings } from '../findings.js';
import type { Truth } from '../readers/truth.js';
import { offsetOf } from '../wire/event-id.js';
import type { Book, Publication } from './book.js';

const EVENTS = '/v1/broadcast';

const auditConfirmed = ({ ids = [], tags, floor }: Publication, truth: Truth, findings: Findings): void => {
  const what = tags.join(' ');
  for (const [i, id] of ids.entries()) {
    findings.hold(
      truth.byId.get(id)?.data['tag'] === tags[i],
      'a confirmed event is in the log, under its id',
      () => `${tags[i]} was confirmed as ${id}, where there is ${truth.byId.get(id)?.data['tag'] ?? 'nothing'}`,
    );
  }
  const offsets = ids.map(offsetOf);
  const first = offsets[0] ?? 0;
  findings.hold(
    ids.length === tags.length && offsets.every((offset, i) => offset === first + i),
    'the ids of a list follow one another',
    () => `${what}: ${ids.join(' ')}`,
  );
  findings.hold(
    first > floor,
    'an event that is published after another was confirmed has a higher id',
    () => `${what} has ${first}, and ${floor} was confirmed before it was first sent`,
  );
};

/** The log against what publishers were told. */
export const auditLog = (book: Book, truth: Truth, origin: string, findings: Findings): void => {
  for (const [i, { id, offset }] of truth.events.entries()) {
    findings.hold(
      offset === offsetOf(origin) + 1 + i,
      'offsets are dense',
      () => `${id} is event ${i + 1} after ${origin}`,
    );
  }
  const seen = new Map<string, string>();
  for (const { id, data } of truth.events) {
    const tag = String(data['tag']);
    findings.hold(!seen.has(tag), 'an event is in the log once', () => `${tag} is ${seen.get(tag)} and ${id}`);
    seen.set(tag, id);
  }
  for (const publication of book.publications) {
    if (publication.path !== EVENTS) continue;
    const { ids, tags } = publication;
    if (ids !== undefined) auditConfirmed(publication, truth, findings);
    const there = tags.filter((tag) => seen.has(tag)).length;
    findings.hold(
      there === 0 || there === tags.length,
      'a list is stored as a whole or not at all',
      () => `${there} of ${tags.join(' ')}`,
    );
  }
};

/** Conversations have no holes. */
export const auditConversations = (book: Book, findings: Findings): void => {
  for (const conversation of book.conversations) {
    const holes = book.holes(conversation);
    findings.hold(
      holes.length === 0,
      'the sequence of a conversation is dense',
      () => `${conversation} misses ${holes.slice(0, 5).join(', ')}`,
    );
  }
};
