import { calls, reservedTypes } from '@aideals/protocol';
import { fitsMessage } from '../delivery/frames.js';
import type { NewEvent } from '../ports/index.js';

const INPUT = calls.broadcast.body;

export type OutsideEvent =
  | { readonly ok: true; readonly event: NewEvent }
  /** What is wrong, in a few words that hold nothing of the message. */
  | { readonly ok: false; readonly problem: string };

const wrong = (problem: string): OutsideEvent => ({ ok: false, problem });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * The event in a message that somebody published on the message broker itself: `{type, data, timestamp}` as JSON, on a
 * channel that names the topic. Its time is that of its arrival: retention goes by it.
 */
export const outsideEvent = (topic: string, text: string, now: number, messageBytes: number): OutsideEvent => {
  const message = parsed(text);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return wrong('is not a JSON object');
  const { type, data } = message as { type?: unknown; data?: unknown };
  const input = INPUT.safeParse({ topic, data, ...(type === undefined ? {} : { messageType: type }) });
  if (!input.success) {
    const { path, message: reason } = input.error.issues[0] as { path: PropertyKey[]; message: string };
    const field = path[0] === 'messageType' ? 'type' : String(path[0] ?? 'the message');
    return wrong(`${field}: ${reason}`);
  }
  if (reservedTypes.has(input.data.messageType)) return wrong('type: is one of the server’s own');
  if (!fitsMessage(input.data.data, messageBytes)) return wrong(`makes a message over ${messageBytes} bytes`);
  return { ok: true, event: { type: input.data.messageType, topic: input.data.topic, data: input.data.data, at: now } };
};
