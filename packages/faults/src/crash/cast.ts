import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import { Follower } from '../readers/follower.js';
import type { Book } from './book.js';
import { Person } from './person.js';
import { Publisher } from './publisher.js';

/** All who take part. */
export interface Cast {
  readonly publishers: readonly Publisher[];
  readonly people: readonly Person[];
  readonly followers: readonly Follower[];
}

export interface Stage {
  readonly book: Book;
  readonly findings: Findings;
  readonly chance: Chance;
}

const TOPICS = ['new-deals', 'flash-deals'];
const SHOPS = ['north', 'south', 'east'];
const MOST_IN_A_LIST = 5;

const people = ({ book, findings, chance }: Stage): Person[] => {
  const names = ['ann', 'bob', 'cas'];
  return names.map((name, i) => {
    const friends = names.filter((other) => other !== name);
    return new Person({ name, friends, others: i === 0 ? 1 : 0, book, findings, chance });
  });
};

const eventPublisher = (name: string, { book, findings, chance }: Stage): Publisher =>
  new Publisher({
    name,
    compose: (number) => {
      const size = chance.percent(50) ? 1 : 2 + chance.below(MOST_IN_A_LIST - 1);
      const tags = Array.from({ length: size }, (_, i) => `${name}:${number}.${i}`);
      const body = tags.map((tag) => ({ topic: chance.pick(TOPICS), data: { tag, shop: chance.pick(SHOPS) } }));
      return { path: '/v1/broadcast', tags, body: size === 1 ? body[0] : body };
    },
    idsOf: (json) => [json].flat().map((each) => String((each as { id: unknown }).id)),
    confirmed: (_, ids) => book.confirmedEvents(ids),
    book,
    findings,
    chance,
  });

const notifier = (name: string, { book, findings, chance }: Stage, users: readonly string[]): Publisher => {
  const receivers = new Map<string, readonly string[]>();
  return new Publisher({
    name,
    compose: (number) => {
      const tag = `${name}:${number}`;
      const to = users.filter((_, i) => i === number % users.length || chance.percent(30));
      receivers.set(tag, to);
      return { path: '/v1/notifications', tags: [tag], body: { userIds: to, title: tag, message: 'A price fell.' } };
    },
    idsOf: (json) => (json as { notificationIds: string[] }).notificationIds,
    confirmed: ({ tags: [tag = ''] }, ids) => {
      for (const [i, user] of (receivers.get(tag) ?? []).entries()) book.sawItem(user, { id: ids[i] as string, tag });
    },
    book,
    findings,
    chance,
  });
};

export const makeCast = (stage: Stage): Cast => {
  const { findings, chance } = stage;
  const persons = people(stage);
  const names = persons.map(({ name }) => name);
  return {
    people: persons,
    publishers: [
      ...['p1', 'p2', 'p3'].map((name) => eventPublisher(name, stage)),
      ...['n1', 'n2'].map((name) => notifier(name, stage, names)),
    ],
    followers: [
      new Follower({ name: 'all', topic: 'all-deals', filters: {}, matches: () => true, findings, chance }),
      new Follower({
        name: 'topic',
        topic: 'new-deals',
        filters: {},
        matches: ({ topic }) => topic === 'new-deals',
        findings,
        chance,
      }),
      new Follower({
        name: 'filter',
        topic: 'flash-deals',
        filters: { shop: ['north', 'east'] },
        matches: ({ topic, data }) => topic === 'flash-deals' && data['shop'] !== 'south',
        findings,
        chance,
      }),
    ],
  };
};
