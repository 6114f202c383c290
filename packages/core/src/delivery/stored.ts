import type { JsonObject } from '@aideals/protocol';
import { type Frame, seqOf, toSeconds } from '../ports/index.js';
import { pushFrame } from './frames.js';
import type { WaitingBody } from './mailbox.js';

/** A chat message as it is stored; its place in the conversation is its sequence. */
export interface StoredMessage extends JsonObject {
  messageId: string;
  senderId: string;
  recipientId: string;
  content: string;
  type: string;
  /** Unix milliseconds. */
  at: number;
}

/** A notification as it is stored: once, for all whom it was sent to. */
export interface StoredNotice extends JsonObject {
  title: string;
  message: string;
  data: JsonObject;
  /** Unix milliseconds. */
  at: number;
}

export const messageFrame = (message: StoredMessage, sequence: number, now: number): Frame => {
  const { messageId, senderId, recipientId, content, type, at } = message;
  const data = { messageId, senderId, recipientId, sequence, content, type, timestamp: toSeconds(at) };
  return pushFrame('messageReceived', data, now);
};

export const noticeFrame = (notice: StoredNotice, notificationId: string, now: number): Frame => {
  const { title, message, data, at } = notice;
  return pushFrame('notification', { notificationId, title, message, data, timestamp: toSeconds(at) }, now);
};

/** What waits in a mailbox, as it is pushed. */
export const waitingFrame = ({ waiting, body }: WaitingBody, now: number): Frame =>
  waiting.kind === 'message'
    ? messageFrame(body as StoredMessage, seqOf(waiting.ref.sk), now)
    : noticeFrame(body as StoredNotice, waiting.id, now);
