import { type Json, type JsonObject, type PushData, type PushType, pushes, type WireError } from '@aideals/protocol';
import { type Frame, type LogEvent, toSeconds } from '../ports/index.js';

/** An answer, or an error as one: `requestId` is echoed when given. */
export const replyFrame = (
  type: string,
  data: object,
  requestId: string | undefined,
  now: number,
  envelope?: object,
): Frame => {
  const frame: Record<string, unknown> = { type, data };
  if (requestId !== undefined) frame['requestId'] = requestId;
  if (envelope !== undefined) Object.assign(frame, envelope);
  frame['timestamp'] = toSeconds(now);
  return { text: JSON.stringify(frame) };
};

export const errorFrame = (error: WireError, requestId: string | undefined, now: number): Frame =>
  replyFrame('error', error.data, requestId, now);

/** A push that is no stream event. */
export const pushFrame = <P extends PushType>(type: P, data: PushData<P>, now: number): Frame => ({
  text: JSON.stringify({ type, data, timestamp: toSeconds(now) }),
});

const conflationFields: ReadonlyMap<string, readonly string[]> = new Map(
  Object.values(pushes).flatMap((push) =>
    'stream' in push && push.stream !== undefined ? [[push.type, push.stream.conflate] as const] : [],
  ),
);

const isKey = (value: Json | undefined): value is string | number =>
  typeof value === 'string' || typeof value === 'number';

const conflationKey = (type: string, data: JsonObject): string | undefined => {
  for (const field of conflationFields.get(type) ?? []) {
    const value = Object.hasOwn(data, field) ? data[field] : undefined;
    if (isKey(value)) return `${type}:${value}`;
  }
  return undefined;
};

/** The text of a stream event, with its data already as JSON. */
const eventText = (event: LogEvent, data: string, replay?: string): string =>
  `{"type":${JSON.stringify(event.type)},"topic":${JSON.stringify(event.topic)},"id":"${event.id}",` +
  `${event.filters === undefined ? '' : `"filters":${JSON.stringify(event.filters)},`}` +
  `${replay === undefined ? '' : `"replay":${JSON.stringify(replay)},`}` +
  `"data":${data},"timestamp":${toSeconds(event.at)}}`;

/** A live stream event: one frame for all its receivers. */
export const eventFrame = (event: LogEvent): Frame => {
  const key = conflationKey(event.type, event.data);
  return {
    text: eventText(event, JSON.stringify(event.data)),
    offset: event.offset,
    ...(key === undefined ? {} : { key }),
  };
};

/** A stream event that is sent again; it is not held back, and never conflated. */
export const replayFrame = (event: LogEvent, subscriptionId: string | undefined): Frame => ({
  text: eventText(event, JSON.stringify(event.data), subscriptionId),
});

/** Bytes of UTF-8 in a text. */
export const utf8Length = (text: string): number => {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code >= 0xd800 && code <= 0xdbff && i + 1 < text.length) {
      const low = text.charCodeAt(i + 1);
      if (low >= 0xdc00 && low <= 0xdfff) {
        bytes += 2;
        i += 1;
        continue;
      }
    }
    bytes += code < 0x800 ? 1 : 2;
  }
  return bytes;
};

/** The most that the envelope of a stream event adds to its data: type, topic, replay and ids at their longest. */
const ENVELOPE_BYTES = 1024;

/** Whether an event's frame stays within the size of a message. */
export const fitsMessage = (data: JsonObject, maxBytes: number, filters: JsonObject = {}): boolean => {
  const text = JSON.stringify([data, filters]);
  if (text.length * 3 + ENVELOPE_BYTES <= maxBytes) return true;
  return utf8Length(text) + ENVELOPE_BYTES <= maxBytes;
};
