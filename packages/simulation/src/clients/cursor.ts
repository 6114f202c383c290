import type { JsonObject } from '@aideals/protocol';
import type { Wire } from '../checker/trace.js';

/** A logical subscription of a client: what it wants, and how far it got, over all reconnects. */
export interface Stream {
  readonly name: string;
  readonly topic: string;
  filters: JsonObject;
  /** The id that it resumes with. */
  cursor: string | undefined;
  /** On the present connection. */
  subscriptionId: string | undefined;
  replaying: boolean;
}

/** Of two ids, the newer one; one of another epoch that has just come counts as newer. */
const newer = (before: string | undefined, come: string): string => {
  if (before === undefined) return come;
  const [epoch, offset] = before.split('-') as [string, string];
  const [otherEpoch, otherOffset] = come.split('-') as [string, string];
  return epoch === otherEpoch && Number(otherOffset) <= Number(offset) ? before : come;
};

const lastOf = (data: JsonObject): string => data['lastEventId'] as string;

/** Keeps the cursors of a client as the protocol tells it to. */
export class Cursors {
  readonly #streams: () => Iterable<Stream>;

  constructor(streams: () => Iterable<Stream>) {
    this.#streams = streams;
  }

  confirmed(stream: Stream, { data }: Wire): void {
    stream.subscriptionId = data['subscriptionId'] as string;
    stream.replaying = data['recovered'] !== undefined;
    stream.cursor = data['lastEventId'] as string;
  }

  /** Its filters are others now; what was missed before goes on as it was. */
  changed(stream: Stream, { data }: Wire): void {
    stream.filters = data['filters'] as JsonObject;
    stream.subscriptionId = data['subscriptionId'] as string;
    if (!stream.replaying) stream.cursor = newer(stream.cursor, data['lastEventId'] as string);
  }

  received({ id, type, replay, lastEventId, data }: Wire): void {
    for (const stream of this.#streams()) {
      if (stream.subscriptionId === undefined) continue;
      if (replay !== undefined) {
        if (replay === stream.subscriptionId && stream.replaying) stream.cursor = id;
      } else if (type === 'subscriptionRecovered') {
        if (data['subscriptionId'] !== stream.subscriptionId) continue;
        stream.replaying = false;
        stream.cursor = lastOf(data);
      } else if (!stream.replaying) {
        const come = id ?? (type === 'pong' ? lastEventId : undefined);
        if (come !== undefined) stream.cursor = newer(stream.cursor, come);
      }
    }
  }
}
