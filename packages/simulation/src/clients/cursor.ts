import type { JsonObject } from '@aideals/protocol';
import type { Wire } from '../checker/trace.js';

/** A logical subscription of a client: what it wants, and how far it got, over all reconnects. */
export interface Stream {
  readonly name: string;
  readonly topic: string;
  readonly filters: JsonObject;
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

/** The cursors of one connection, kept as the protocol tells a client to. */
export class Cursors {
  readonly #streams: () => Iterable<Stream>;
  /** The highest id received on the connection. */
  #highest: string | undefined;

  constructor(streams: () => Iterable<Stream>) {
    this.#streams = streams;
  }

  confirmed(stream: Stream, { data }: Wire): void {
    stream.subscriptionId = data['subscriptionId'] as string;
    const position = data['lastEventId'] as string;
    stream.replaying = data['recovered'] !== undefined;
    stream.cursor = stream.replaying || this.#highest === undefined ? position : newer(position, this.#highest);
  }

  received(wire: Wire): void {
    const { id, type, replay, lastEventId, data } = wire;
    if (id !== undefined) {
      this.#highest = newer(this.#highest, id);
      for (const stream of this.#streams()) {
        if (stream.subscriptionId === undefined) continue;
        if (!stream.replaying) stream.cursor = newer(stream.cursor, id);
        else if (replay === stream.subscriptionId) stream.cursor = id;
      }
    } else if (type === 'subscriptionRecovered') {
      for (const stream of this.#streams()) {
        if (stream.subscriptionId !== data['subscriptionId']) continue;
        stream.replaying = false;
        stream.cursor = newer(this.#highest, data['lastEventId'] as string);
      }
    } else if (type === 'pong' && lastEventId !== undefined) {
      for (const stream of this.#streams()) {
        if (stream.subscriptionId !== undefined && !stream.replaying) stream.cursor = newer(stream.cursor, lastEventId);
      }
    }
  }
}
