import { ALL_DEALS, PRICE_UPDATES } from '@aideals/protocol';
import type { LogEvent, NewEvent } from '../ports/index.js';

/** An event of the shared log as the bus brings it. */
export interface Announcement {
  readonly event: LogEvent;
  /** The offset of the event before it on the same channel; 0 where there was none. */
  readonly previous: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The channel on which events of a topic are announced; `all-deals` has one of its own, for every event that reaches it. */
export const logChannel = (topic: string): string => `log:${topic}`;

/** The channels on which an event of this topic is announced. */
export const channelsOf = (topic: string): readonly string[] =>
  topic === ALL_DEALS || topic === PRICE_UPDATES ? [logChannel(topic)] : [logChannel(topic), logChannel(ALL_DEALS)];

/** What of an announcement is known before the event has its place: `NewEvent` as JSON. */
export const announcedBody = ({ type, topic, data, filters, at }: NewEvent): string =>
  JSON.stringify({ type, topic, data, ...(filters === undefined ? {} : { filters }), at });

/** `<offset> <previous> <id>\n<body>`, so that a script in the store can put the numbers before a body that it does not read. */
export const encodeAnnouncement = (offset: number, previous: number, id: string, body: string): Uint8Array =>
  encoder.encode(`${offset} ${previous} ${id}\n${body}`);

/** Undefined where it is none: something foreign was published on the channel. */
export const decodeAnnouncement = (bytes: Uint8Array): Announcement | undefined => {
  const text = decoder.decode(bytes);
  const end = text.indexOf('\n');
  const [, offset, previous, id] =
    /^(\d{1,16}) (\d{1,16}) ([A-Za-z0-9]+-\d{1,16})$/.exec(text.slice(0, Math.max(end, 0))) ?? [];
  if (offset === undefined || previous === undefined || id === undefined) return undefined;
  try {
    const body = JSON.parse(text.slice(end + 1)) as NewEvent;
    return { event: { ...body, offset: Number(offset), id }, previous: Number(previous) };
  } catch {
    return undefined;
  }
};
