import type {
  EventData,
  History,
  Interest,
  Message,
  Publication,
  ReceivedMessage,
  Sitting,
  Stretch,
} from './history.js';

/** A history is put together from these; each says what differs from one in which all went well. */
export const published = (tag: string, id: string | undefined, more: Partial<Publication> = {}): Publication => ({
  tag,
  topic: 'deals',
  shop: 'north',
  publisher: 'p',
  outcome: id === undefined ? 'unknown' : 'confirmed',
  id,
  isRepeated: false,
  ...more,
});

export const stretch = (after: string, ids: string[], more: Partial<Stretch> = {}): Stretch => ({
  asked: undefined,
  after,
  lost: undefined,
  ids,
  ...more,
});

export const everything: Interest = { topic: 'all-deals', shops: undefined };

export const sent = (tag: string, sequence: number | undefined, more: Partial<Message> = {}): Message => ({
  tag,
  from: 'ann',
  to: 'bob',
  number: sequence ?? 0,
  outcome: sequence === undefined ? 'unknown' : 'confirmed',
  isRepeated: false,
  messageId: sequence === undefined ? undefined : `id of ${tag}`,
  sequence,
  ...more,
});

export const got = (tag: string, sequence: number, more: Partial<ReceivedMessage> = {}): ReceivedMessage => ({
  messageId: `id of ${tag}`,
  tag,
  from: 'ann',
  to: 'bob',
  sequence,
  ...more,
});

export const sitting = (received: readonly ReceivedMessage[], openedAt = 0): Sitting => ({
  user: 'bob',
  openedAt,
  received,
});

export interface Planted extends Partial<Omit<History, 'events' | 'readers'>> {
  readonly stretches?: readonly Stretch[];
  readonly interest?: Interest;
  /** What came under ids that nobody was told of, or under others than were told. */
  readonly seen?: Readonly<Record<string, Partial<EventData>>>;
}

/** Under each id that was confirmed came what was published, where nothing else is planted. */
export const history = ({
  stretches,
  interest = everything,
  seen = {},
  publications = [],
  ...more
}: Planted): History => {
  const events = new Map<string, EventData>();
  for (const { id, tag, topic, shop } of publications) if (id !== undefined) events.set(id, { tag, topic, shop });
  for (const [id, { tag = id, topic = 'deals', shop = 'north' }] of Object.entries(seen))
    events.set(id, { tag, topic, shop });
  return {
    publications,
    events,
    conflicts: [],
    readers: stretches === undefined ? [] : [{ name: 'r', interest, stretches }],
    end: undefined,
    messages: [],
    sittings: [],
    acknowledged: new Map(),
    ...more,
  };
};
