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

const isFrame = (value: unknown): value is ServerFrame =>
  isObject(value) && typeof value['type'] === 'string' && isObject(value['data']);

/** The frames in a text: one, or those of a batch, in their order. What it cannot read, a client ignores. */
export const parseFrames = (text: string): readonly ServerFrame[] => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).filter(isFrame);
};

/** Whether a frame is an event of the log. */
export const isDealEvent = (frame: ServerFrame): frame is DealEvent =>
  typeof frame.id === 'string' && typeof frame.topic === 'string';

/** A whole number of milliseconds from seconds that a server told, or undefined. */
export const milliseconds = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1000) : undefined;
