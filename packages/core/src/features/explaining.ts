import { type Attributes, type JsonObject, MAX_FILTER_KEYS, WireError } from '@aideals/protocol';
import { reaches } from '../delivery/fan-out.js';
import { type Failed, failedOf } from '../match/explain.js';
import { attributesOf, matches } from '../match/matches.js';
import type { Ports, Subscription } from '../ports/index.js';

/** An event that is not published. */
export interface Supposed {
  readonly topic: string;
  readonly data: JsonObject;
  readonly filters?: Attributes | undefined;
}

export interface Explained {
  readonly subscriptionId: string;
  readonly topic: string;
  readonly isOnTopic: boolean;
  readonly matches: boolean;
  readonly failed: Failed[];
}

const explain = ({ subscriptionId, topic, filters }: Subscription, event: Supposed, most: number): Explained => {
  const overlay = event.filters === undefined ? {} : { filters: event.filters };
  const attributes = attributesOf({ data: event.data, ...overlay });
  const isOnTopic = reaches(event.topic).includes(topic);
  return {
    subscriptionId,
    topic,
    isOnTopic,
    matches: isOnTopic && matches(filters, attributes),
    failed: failedOf(filters, attributes, most),
  };
};

/**
 * What the subscriptions of a connection would make of an event: of the one named all that fails, else of each the first. None
 * where the connection does not have the one named.
 */
export const explainFor = async (
  ports: Pick<Ports, 'directory'>,
  connectionId: string,
  event: Supposed,
  subscriptionId: string | undefined,
): Promise<Explained[]> => {
  const subscriptions = await ports.directory.subscriptions(connectionId);
  if (subscriptionId === undefined) return subscriptions.map((each) => explain(each, event, 1));
  const named = subscriptions.filter((each) => each.subscriptionId === subscriptionId);
  return named.map((each) => explain(each, event, MAX_FILTER_KEYS));
};

/** The error for a subscription that was named and is not there. */
export const noSuchSubscription = (subscriptionId: string, whose: string): WireError =>
  new WireError('SUBSCRIPTION_ERROR', `${whose} has no such subscription`, { subscriptionId });
