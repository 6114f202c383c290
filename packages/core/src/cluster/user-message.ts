import type { CloseNotice, Frame } from '../ports/index.js';

/** What goes to the connections of one user, wherever they are. `from` is the node that sent it. */
export type UserMessage =
  | {
      readonly what: 'mail';
      readonly from: string;
      readonly place: number;
      readonly kind: string;
      readonly frame: Frame;
    }
  | { readonly what: 'copy'; readonly from: string; readonly except: string; readonly frame: Frame }
  | { readonly what: 'post'; readonly from: string; readonly connectionId: string; readonly frame: Frame }
  | { readonly what: 'close'; readonly from: string; readonly connectionId: string; readonly notice: CloseNotice }
  /** There is something in the mailbox that could not be told when it was put there. */
  | { readonly what: 'look'; readonly from: string };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The channel of a user; nodes listen to it only while the user is connected there, and may be given something. */
export const userChannel = (userId: string): string => `user:${userId}`;

/** Where a node listens instead while all its connections of the user have an expired token: to what closes them. */
export const restChannel = (userId: string): string => `rest:${userId}`;

/** A line of JSON, then the text of the frame, which is not encoded twice. */
export const encodeUserMessage = (message: UserMessage): Uint8Array => {
  if (!('frame' in message)) return encoder.encode(JSON.stringify(message));
  const { frame, ...head } = message;
  return encoder.encode(`${JSON.stringify(head)}\n${frame.text}`);
};

const kinds: ReadonlySet<unknown> = new Set(['mail', 'copy', 'post', 'close', 'look']);

/** Undefined where it is none: something foreign, or of a later version, was published on the channel. */
export const decodeUserMessage = (bytes: Uint8Array): UserMessage | undefined => {
  const text = decoder.decode(bytes);
  const end = text.indexOf('\n');
  try {
    const head = JSON.parse(end < 0 ? text : text.slice(0, end)) as UserMessage | null;
    if (head === null || typeof head !== 'object' || !kinds.has(head.what) || typeof head.from !== 'string') return;
    if (head.what === 'close' || head.what === 'look') return head;
    return end < 0 ? undefined : { ...head, frame: { text: text.slice(end + 1) } };
  } catch {
    return undefined;
  }
};
