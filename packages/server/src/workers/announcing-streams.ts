import {
  announcedBody,
  channelsOf,
  encodeAnnouncement,
  type NewEvent,
  type SharedStreams,
  type Streams,
} from '@aideals/core';

/**
 * The log of this process, shared with its workers: each event is announced when it is in the file. A log on disk answers in
 * the order of its appends, and so are the announcements made. `top` is that of the log now.
 */
export const announcingStreams = (
  streams: Streams,
  publish: (channel: string, bytes: Uint8Array) => number,
  top: number,
): SharedStreams => {
  /** What lies past it may not be in the file yet. */
  let announced = top;
  /** The last offset announced on each channel. All workers begin with this process, and so does the map. */
  const last = new Map<string, number>();

  const announce = (event: NewEvent, offset: number, id: string): number => {
    const body = announcedBody(event);
    let reached = 0;
    for (const channel of channelsOf(event.topic)) {
      reached += publish(channel, encodeAnnouncement(offset, last.get(channel) ?? 0, id, body));
      last.set(channel, offset);
    }
    announced = Math.max(announced, offset);
    return reached;
  };

  return {
    async append(events, options) {
      const appended = await (options === undefined ? streams.append(events) : streams.append(events, options));
      if (appended.replayed) return appended;
      const { offsets, ids } = appended;
      return { ...appended, reached: events.map((each, i) => announce(each, offsets[i] as number, ids[i] as string)) };
    },
    positions: (channels) => ({
      top: announced,
      last: channels.map((channel) => last.get(channel) ?? 0),
      idOf: (offset) => streams.idOf(offset),
    }),
    locate: (id) => streams.locate(id),
    read: (options) => streams.read(options),
    top: () => announced,
    idOf: (offset) => streams.idOf(offset),
    trim: (options) => streams.trim(options),
  };
};
