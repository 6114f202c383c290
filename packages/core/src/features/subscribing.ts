import { type Filters, WireError } from '@aideals/protocol';
import type { Continuation } from '../outcome.js';
import type { Lost, Ports, Subscription } from '../ports/index.js';
import type { Settings } from '../settings.js';

export interface SubscribeContext {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly now: number;
}

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

interface Begun {
  readonly subscription: Subscription;
  readonly from: number;
}

const register = async (cx: SubscribeContext, connectionId: string, wanted: Subscription): Promise<Subscription> => {
  const { directory, gateway } = cx.ports;
  const max = cx.settings.limits.subscriptionsPerConnection;
  const registering = directory.subscribe(connectionId, wanted, max);
  // Awaited only where it must be: no event may come between the registration and the hold.
  const subscribed = registering instanceof Promise ? await registering : registering;
  if (subscribed.outcome === 'gone') throw new WireError('CONNECTION_ERROR', 'the connection is closing');
  if (subscribed.outcome === 'full') {
    throw new WireError('SUBSCRIPTION_ERROR', `a connection has at most ${max} subscriptions; end one first`, { max });
  }
  // What another's hold keeps was matched without this one: it is read again, so that ids reach the connection in order.
  gateway.reread(connectionId);
  gateway.hold(connectionId);
  return subscribed.subscription;
};

/**
 * Registered and held, with the offset up to which the connection has been served: no replay goes past it, since what other
 * subscriptions are still owed lies there. Undone where that cannot be had.
 */
const begin = async (cx: SubscribeContext, connectionId: string, wanted: Subscription): Promise<Begun> => {
  const { directory, gateway, streams } = cx.ports;
  const subscription = await register(cx, connectionId, wanted);
  try {
    return { subscription, from: gateway.position(connectionId) ?? (await streams.top()) };
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
const subscribeHere = async (cx: SubscribeContext, request: SubscribeRequest): Promise<SubscribeResult> => {
  const { streams, ids, eventRelay } = cx.ports;
  const { connectionId, topic, filters, lastEventId } = request;
  const generation = eventRelay?.generation;
  // Located before anything is registered: where this fails, nothing has changed. What is trimmed later, the replay tells.
  const located = lastEventId === undefined ? undefined : await streams.locate(lastEventId);
  if (eventRelay?.generation !== generation) return subscribeHere(cx, request);
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

/** Where several nodes share the log, this one listens to the topic and stands at the top of the log before anything else. */
export const subscribe = (cx: SubscribeContext, request: SubscribeRequest): Promise<SubscribeResult> => {
  const { eventRelay } = cx.ports;
  if (eventRelay === undefined) return subscribeHere(cx, request);
  return eventRelay.joined(request.topic, () => subscribeHere(cx, request));
};
