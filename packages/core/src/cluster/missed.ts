import { ALL_DEALS } from '@aideals/protocol';
import type { LogEvent, ReadPage, Streams } from '../ports/index.js';
import { channelsOf, logChannel } from './announcement.js';

const PAGE = 512;
/** Over more topics than this the log is read once and sifted, not once for each. */
const APART = 4;

const PREFIX = logChannel('');

/** The pages of several topics as one: up to where all of them are complete. */
const merged = (pages: readonly ReadPage[]): ReadPage => {
  const end = Math.min(...pages.map((page) => page.end));
  const events: LogEvent[] = pages.flatMap((page) => page.events.filter(({ offset }) => offset <= end));
  events.sort((a, b) => a.offset - b.offset);
  return { events, end, covered: pages.every(({ covered }) => covered) };
};

/** The next page of what was announced on these channels between two offsets. */
export const readMissed = async (
  streams: Pick<Streams, 'read'>,
  channels: readonly string[],
  after: number,
  until: number,
): Promise<ReadPage> => {
  if (channels.length <= APART && !channels.includes(logChannel(ALL_DEALS))) {
    const topics = channels.map((channel) => channel.slice(PREFIX.length));
    return merged(await Promise.all(topics.map(async (topic) => streams.read({ after, until, topic, limit: PAGE }))));
  }
  const page = await streams.read({ after, until, limit: PAGE });
  const heard = ({ topic }: LogEvent): boolean => channelsOf(topic).some((channel) => channels.includes(channel));
  return { ...page, events: page.events.filter(heard) };
};
