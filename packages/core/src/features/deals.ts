import { ALL_DEALS, type Filters, WireError } from '@aideals/protocol';
import { fanOut, reaches } from '../delivery/fan-out.js';
import { fitsMessage, pushFrame, replayFrame } from '../delivery/frames.js';
import { attributesOf, compile, type Matcher } from '../match/matches.js';
import type { Continuation, Outcome, Push } from '../outcome.js';
import {
  IdempotencyConflict,
  type LogEvent,
  type Lost,
  type NewEvent,
  type Ports,
  type Sent,
  type StreamAppend,
  type Subscription,
} from '../ports/index.js';
import type { Settings } from '../settings.js';

export interface DealsContext {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly now: number;
}

export interface Published extends Sent {
  readonly id: string;
}

type Idempotency = { readonly key: string; readonly digest: string } | undefined;

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
  cx: DealsContext,
  events: readonly NewEvent[],
  once: Idempotency,
): Promise<{ readonly published: readonly Published[]; readonly replayed: boolean }> => {
  const { ports } = cx;
  const tooLarge = events.findIndex(
    (event) => !fitsMessage(event.data, cx.settings.limits.messageBytes, event.filters),
  );
  if (tooLarge >= 0) {
    const path = events.length === 1 ? 'data' : `${tooLarge}.data`;
    throw WireError.field(path, `makes a message over ${cx.settings.limits.messageBytes} bytes; send less`, 413);
  }
  const appended = await append(ports, events, once);
  const published: Published[] = [];
  for (const [i, event] of events.entries()) {
    const id = appended.ids[i] as string;
    if (appended.replayed) {
      published.push({ id, sent: 0, queued: 0, gone: 0 });
      continue;
    }
    const logged: LogEvent = { ...event, id, offset: appended.offsets[i] as number };
    const sent = fanOut(ports, logged);
    // Awaited only where it must be: between two fan-outs of one node nothing else may begin.
    published.push({ id, ...(sent instanceof Promise ? await sent : sent) });
  }
  await appended.flushed;
  return { published, replayed: appended.replayed };
};

export interface SubscribeRequest {
  readonly connectionId: string;
  readonly topic: string;
  readonly filters: Filters;
  readonly lastEventId: string | undefined;
}

export interface SubscribeResult {
  readonly subscription: Subscription;
  readonly lastEventId: string;
  readonly recovered?: boolean;
  readonly lost?: Lost;
  readonly next: Continuation;
}

/**
 * The offset past which events come live to who is registered now, or are held for it. Events that are committed but not yet
 * given out lie past it too.
 */
const liveFrom = async (ports: Ports): Promise<number> => ports.gateway.given() ?? (await ports.streams.top());

interface Begun {
  readonly subscription: Subscription;
  readonly from: number;
}

const register = async (cx: DealsContext, connectionId: string, wanted: Subscription): Promise<Subscription> => {
  const { directory, gateway } = cx.ports;
  const max = cx.settings.limits.subscriptionsPerConnection;
  const registering = directory.subscribe(connectionId, wanted, max);
  // Awaited only where it must be: no event may come between the registration and the hold.
  const subscribed = registering instanceof Promise ? await registering : registering;
  if (subscribed.outcome === 'gone') throw new WireError('CONNECTION_ERROR', 'the connection is closing');
  if (subscribed.outcome === 'full') {
    throw new WireError('SUBSCRIPTION_ERROR', `a connection has at most ${max} subscriptions; end one first`, { max });
  }
  gateway.hold(connectionId);
  return subscribed.subscription;
};

/** Registered and held, with the offset past which events come live; undone where that cannot be had. */
const begin = async (cx: DealsContext, connectionId: string, wanted: Subscription): Promise<Begun> => {
  const { directory, gateway } = cx.ports;
  const subscription = await register(cx, connectionId, wanted);
  try {
    return { subscription, from: await liveFrom(cx.ports) };
  } catch (error) {
    // Another's registration of the same filters stays.
    if (subscription === wanted) await directory.unsubscribe(connectionId, wanted.subscriptionId);
    gateway.release(connectionId, 0);
    throw error;
  }
};

/**
 * Registers first, then reads the log: one of the two always sees an event that is published meanwhile. Events are held from
 * the registration on, so that none comes before the confirmation.
 */
export const subscribe = async (cx: DealsContext, request: SubscribeRequest): Promise<SubscribeResult> => {
  const { streams, ids } = cx.ports;
  const { connectionId, topic, filters, lastEventId } = request;
  // Located before anything is registered: where this fails, nothing has changed. What is trimmed later, the replay tells.
  const located = lastEventId === undefined ? undefined : await streams.locate(lastEventId);
  const wanted = { subscriptionId: ids.next('subscription'), topic, filters };
  const { subscription, from } = await begin(cx, connectionId, wanted);
  if (located === undefined) {
    return { subscription, lastEventId: streams.idOf(from), next: { kind: 'catchup', after: from } };
  }
  const { after, lost } = located;
  const { subscriptionId } = subscription;
  return {
    subscription,
    lastEventId: streams.idOf(after),
    recovered: lost === undefined,
    ...(lost === undefined ? {} : { lost }),
    next: { kind: 'replay', subscriptionId, after, until: Math.max(after, from), replayed: 0 },
  };
};

const REPLAY_PAGE = 256;

const reachesTopic = (subscription: Subscription, event: LogEvent): boolean =>
  reaches(event.topic).includes(subscription.topic);

const topicOf = (subscription: Subscription): { topic?: string } =>
  subscription.topic === ALL_DEALS ? {} : { topic: subscription.topic };

type Replay = Extract<Continuation, { kind: 'replay' }>;

interface Missed {
  readonly events: readonly LogEvent[];
  readonly end: number;
  readonly lost: Lost | undefined;
}

/** What a subscription missed up to the end of a page, and whether retention took some of it meanwhile. */
const missed = async ({ streams }: Ports, subscription: Subscription, at: Replay): Promise<Missed> => {
  if (at.after >= at.until) return { events: [], end: at.until, lost: at.lost };
  const options = { after: at.after, until: at.until, limit: REPLAY_PAGE, ...topicOf(subscription) };
  const { events, end, covered } = await streams.read(options);
  const lost = covered ? at.lost : (at.lost ?? (await streams.locate(streams.idOf(at.after))).lost);
  const matcher = compile(subscription.filters);
  return {
    events: events.filter((event) => reachesTopic(subscription, event) && matcher(attributesOf(event))),
    end,
    lost,
  };
};

/** The next page of what a subscription missed; after the last one, `subscriptionRecovered`, then the catch-up. */
export const replay = async (cx: DealsContext, connectionId: string, at: Replay): Promise<Outcome> => {
  const { ports } = cx;
  const subscriptions = await ports.directory.subscriptions(connectionId);
  const subscription = subscriptions.find((each) => each.subscriptionId === at.subscriptionId);
  const done: Continuation = { kind: 'catchup', after: at.until };
  if (subscription === undefined) return { next: [done] };
  const { subscriptionId } = subscription;
  const { events, end, lost } = await missed(ports, subscription, at);
  const to = [connectionId];
  const pushes: Push[] = events.map((event) => ({ to, frame: replayFrame(event, subscriptionId) }));
  const replayed = at.replayed + pushes.length;
  const told = lost === undefined ? {} : { lost };
  if (end < at.until) return { pushes, next: [{ ...at, after: end, replayed, ...told }] };
  const recovered = { subscriptionId, replayed, lastEventId: ports.streams.idOf(at.until), ...told };
  pushes.push({ to, frame: pushFrame('subscriptionRecovered', recovered, cx.now) });
  return { pushes, next: [done] };
};

const anyOf = (subscriptions: readonly Subscription[]): ((event: LogEvent) => boolean) => {
  const compiled: readonly (readonly [Subscription, Matcher])[] = subscriptions.map((each) => [
    each,
    compile(each.filters),
  ]);
  return (event) => {
    const attributes = attributesOf(event);
    return compiled.some(([subscription, matcher]) => reachesTopic(subscription, event) && matcher(attributes));
  };
};

/**
 * Ends a hold. Where more was held than its bound, the log is read for all subscriptions of the connection, in pages, until
 * what is held fits. A connection that reads more slowly than retention trims is closed as a slow consumer.
 */
export const catchUp = async (
  cx: DealsContext,
  connectionId: string,
  at: Extract<Continuation, { kind: 'catchup' }>,
): Promise<Outcome> => {
  const { gateway, streams, directory } = cx.ports;
  if (at.until === undefined) {
    const release = gateway.release(connectionId, at.after);
    if (release.released) return {};
    const until = await liveFrom(cx.ports);
    return { next: [{ kind: 'catchup', after: release.after, until }] };
  }
  if (at.after >= at.until) return { next: [{ kind: 'catchup', after: at.after }] };
  const page = await streams.read({ after: at.after, until: at.until, limit: REPLAY_PAGE });
  // Retention took what this connection was promised: it is told when it resumes.
  if (!page.covered) return { close: { code: 4008 } };
  const wanted = anyOf(await directory.subscriptions(connectionId));
  const pushes = page.events
    .filter(wanted)
    .map((event) => ({ to: [connectionId], frame: replayFrame(event, undefined) }));
  return { pushes, next: [{ kind: 'catchup', after: page.end, until: at.until }] };
};
