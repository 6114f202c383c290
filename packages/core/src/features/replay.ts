import { ALL_DEALS } from '@aideals/protocol';
import { reaches } from '../delivery/fan-out.js';
import { pushFrame, replayFrame } from '../delivery/frames.js';
import { liveFrom } from '../delivery/live-from.js';
import { attributesOf, compile, type Matcher } from '../match/matches.js';
import type { Continuation, Outcome, Push } from '../outcome.js';
import type { Frame, LogEvent, Lost, Ports, Subscription } from '../ports/index.js';

export interface ReplayContext {
  readonly ports: Ports;
  readonly now: number;
}

const REPLAY_PAGE = 256;
/** Characters of JSON after which a page ends, so that a page of large events does not fill the memory of a slow connection. */
const REPLAY_PAGE_TEXT = 262_144;

const reachesTopic = (subscription: Subscription, event: LogEvent): boolean =>
  reaches(event.topic).includes(subscription.topic);

const topicOf = (subscription: Subscription): { topic?: string } =>
  subscription.topic === ALL_DEALS ? {} : { topic: subscription.topic };

type Replay = Extract<Continuation, { kind: 'replay' }>;

/** Whether any of the subscriptions asks for an event. */
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

interface Page {
  readonly frames: readonly Frame[];
  /** Everything up to this offset is in the page, or not wanted. */
  readonly end: number;
}

/** The wanted events of a page as frames; it ends early where they are large. */
const pageOf = (
  events: readonly LogEvent[],
  end: number,
  wanted: (event: LogEvent) => boolean,
  subscriptionId: string | undefined,
): Page => {
  const frames: Frame[] = [];
  let size = 0;
  for (const event of events) {
    if (!wanted(event)) continue;
    const frame = replayFrame(event, subscriptionId);
    frames.push(frame);
    size += frame.text.length;
    if (size > REPLAY_PAGE_TEXT) return { frames, end: event.offset };
  }
  return { frames, end };
};

const NOTHING = { events: [], covered: true };

/**
 * The next page of what a subscription missed; after the last one, `subscriptionRecovered`, then the catch-up. Where retention
 * took events while the replay was on its way, a `subscriptionRecovered` with `lost` tells that gap before anything behind it is sent; the last one
 * has none.
 */
export const replay = async (cx: ReplayContext, connectionId: string, at: Replay): Promise<Outcome> => {
  const { directory, streams } = cx.ports;
  const { after, until, subscriptionId } = at;
  const subscription = (await directory.subscriptions(connectionId)).find(
    (each) => each.subscriptionId === subscriptionId,
  );
  if (subscription === undefined) return { next: [{ kind: 'catchup', after: until }] };
  const to = [connectionId];
  const recovered = (replayed: number, reached: number, lost?: Lost): Push => {
    const told = lost === undefined ? {} : { lost };
    const data = { subscriptionId, replayed, lastEventId: streams.idOf(reached), ...told };
    return { to, frame: pushFrame('subscriptionRecovered', data, cx.now) };
  };
  const options = { after, until, limit: REPLAY_PAGE, ...topicOf(subscription) };
  const read = after < until ? await streams.read(options) : { ...NOTHING, end: until };
  if (!read.covered) {
    const located = await streams.locate(streams.idOf(after));
    // What lies past `until` is not the replay's: it is held, or read by the catch-up.
    const reached = Math.min(located.after, until);
    return { pushes: [recovered(at.replayed, reached, located.lost)], next: [{ ...at, after: reached }] };
  }
  const { frames, end } = pageOf(read.events, read.end, anyOf([subscription]), subscriptionId);
  const pushes: Push[] = frames.map((frame) => ({ to, frame }));
  const replayed = at.replayed + pushes.length;
  if (end < until) return { pushes, next: [{ ...at, after: end, replayed }] };
  return { pushes: [...pushes, recovered(replayed, until)], next: [{ kind: 'catchup', after: until }] };
};

/**
 * Ends a hold. Where more was held than its bound, the log is read for all subscriptions of the connection, in pages, until
 * what is held fits. A connection that reads more slowly than retention trims is closed as a slow consumer.
 */
export const catchUp = async (
  cx: ReplayContext,
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
  const { frames, end } = pageOf(page.events, page.end, anyOf(await directory.subscriptions(connectionId)), undefined);
  const to = [connectionId];
  return {
    pushes: frames.map((frame) => ({ to, frame })),
    served: end,
    next: [{ kind: 'catchup', after: end, until: at.until }],
  };
};
