import { WireError } from '@aideals/protocol';
import { fanOutAll } from '../delivery/fan-out.js';
import { fitsMessage } from '../delivery/frames.js';
import {
  type EventRelay,
  IdempotencyConflict,
  type LogEvent,
  type NewEvent,
  type Ports,
  type Sent,
  type StreamAppend,
} from '../ports/index.js';
import type { Settings } from '../settings.js';

export interface PublishContext {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly now: number;
}

export interface Published extends Sent {
  readonly id: string;
  /** How many other nodes it reached; undefined where there are none. */
  readonly nodes?: number;
}

export interface PublishResult {
  readonly published: readonly Published[];
  readonly replayed: boolean;
}

const NO_ONE: Sent = { sent: 0, queued: 0, gone: 0 };

type Idempotency = { readonly key: string; readonly digest: string } | undefined;

/** Appends and gives out over the relay: what is appended here comes back to this node as to any other. */
const relay = async (
  eventRelay: EventRelay,
  ports: Ports,
  events: readonly NewEvent[],
  once: Idempotency,
): Promise<PublishResult> => {
  const topics = events.map(({ topic }) => topic);
  const { appended, sent, nodes } = await eventRelay.publish(topics, () => append(ports, events, once));
  await appended.flushed;
  const published = appended.ids.map((id, i) => ({
    id,
    ...(sent[i] as Sent),
    ...(nodes === undefined ? {} : { nodes: nodes[i] as number }),
  }));
  return { published, replayed: appended.replayed };
};

const append = async (ports: Ports, events: readonly NewEvent[], once: Idempotency): Promise<StreamAppend> => {
  try {
    return await ports.streams.append(events, once);
  } catch (error) {
    if (!(error instanceof IdempotencyConflict)) throw error;
    throw new WireError('VALIDATION_ERROR', 'the Idempotency-Key was used with another body', undefined, 409);
  }
};

/** Commits events to the log, delivers them in its order, and resolves when they are flushed. All or nothing. */
export const publish = async (
  cx: PublishContext,
  events: readonly NewEvent[],
  once: Idempotency,
): Promise<PublishResult> => {
  const { ports } = cx;
  const tooLarge = events.findIndex(
    (event) => !fitsMessage(event.data, cx.settings.limits.messageBytes, event.filters),
  );
  if (tooLarge >= 0) {
    const path = events.length === 1 ? 'data' : `${tooLarge}.data`;
    throw WireError.field(path, `makes a message over ${cx.settings.limits.messageBytes} bytes; send less`, 413);
  }
  if (ports.eventRelay !== undefined) return relay(ports.eventRelay, ports, events, once);
  const appended = await append(ports, events, once);
  const { ids, offsets, replayed } = appended;
  const logged = events.map((event, i): LogEvent => ({ ...event, id: ids[i] as string, offset: offsets[i] as number }));
  const sent = replayed ? events.map(() => NO_ONE) : await fanOutAll(ports, logged);
  const published = sent.map((each, i) => ({ id: ids[i] as string, ...each }));
  await appended.flushed;
  return { published, replayed };
};
