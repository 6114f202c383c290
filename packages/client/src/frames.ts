import type { ActionDataMap, ActionReplyMap, PushMap, ServerFrame } from './generated/wire.js';

export type ActionName = keyof ActionDataMap;
export type PushType = keyof PushMap;
export type JsonObject = ServerFrame['data'];
/** What a subscription asks of a deal: see the protocol. */
export type Filters = NonNullable<ActionDataMap['subscribeToDeals']['filters']>;
/** Why what a subscription missed is not all there any more, and the oldest event that is. */
export type Lost = NonNullable<ActionReplyMap['subscribeToDeals']['data']['lost']>;

/** Client to server. */
export interface ClientFrame {
  readonly action: ActionName;
  readonly data: object;
  readonly requestId: string;
}

/** A frame of a known type. */
export type FrameOf<T extends string, D> = Omit<ServerFrame, 'type' | 'data'> & { type: T; data: D };

/** A frame that the server pushes. */
export type PushFrame<P extends PushType = PushType> = FrameOf<P, PushMap[P]>;

/** An event of the log, as a subscription hands it on: `topic` and `id` are always there. */
export type DealEvent<D = JsonObject> = FrameOf<string, D> & { topic: string; id: string };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The frame in a text, or undefined where it is none: a client ignores what it cannot read. */
export const parseFrame = (text: string): ServerFrame | undefined => {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(frame) || typeof frame['type'] !== 'string' || !isObject(frame['data'])) return undefined;
  return frame as unknown as ServerFrame;
};

/** Whether a frame is an event of the log. */
export const isDealEvent = (frame: ServerFrame): frame is DealEvent =>
  typeof frame.id === 'string' && typeof frame.topic === 'string';

/** A whole number of milliseconds from seconds that a server told, or undefined. */
export const milliseconds = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1000) : undefined;
