import { announcedBody, channelsOf, encodeAnnouncement } from '../cluster/announcement.js';
import type { Bus, NewEvent, SharedStreams, StreamAppend, Streams } from '../ports/index.js';

/** What the nodes of one log share besides: the last offset on each channel. */
export type Announced = Map<string, number>;

/**
 * A log that several nodes share, over one in memory: each append is announced in the same step, over the bus of the broker.
 * The node’s own end of the bus is not asked: announcements are made where the log is. `naming` gives the names of the log of
 * the moment, where it may be replaced by another.
 */
export const sharedStreams = (
  streams: Streams,
  broker: Pick<Bus, 'publish'>,
  announced: Announced,
  naming: () => Streams['idOf'] = () => (offset) => streams.idOf(offset),
): SharedStreams => {
  const announce = (event: NewEvent, offset: number, id: string): number => {
    const body = announcedBody(event);
    let reached = 0;
    for (const channel of channelsOf(event.topic)) {
      reached += broker.publish(channel, encodeAnnouncement(offset, announced.get(channel) ?? 0, id, body)) as number;
      announced.set(channel, offset);
    }
    return reached;
  };

  return {
    append(events: readonly NewEvent[], options?: { key: string; digest: string }): StreamAppend {
      const appended = (
        options === undefined ? streams.append(events) : streams.append(events, options)
      ) as StreamAppend;
      if (appended.replayed) return appended;
      const reached = events.map((event, i) =>
        announce(event, appended.offsets[i] as number, appended.ids[i] as string),
      );
      return { ...appended, reached };
    },
    positions: (channels: readonly string[]) => ({
      top: streams.top() as number,
      last: channels.map((channel) => announced.get(channel) ?? 0),
      idOf: naming(),
    }),
    locate: (id) => streams.locate(id),
    read: (options) => streams.read(options),
    top: () => streams.top(),
    idOf: (offset) => streams.idOf(offset),
    trim: (options) => streams.trim(options),
  };
};
