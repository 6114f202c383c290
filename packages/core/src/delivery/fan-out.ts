import { ALL_DEALS, PRICE_UPDATES } from '@aideals/protocol';
import { attributesOf } from '../match/matches.js';
import { type Awaitable, andThen, type Candidate, type LogEvent, type Ports, type Sent } from '../ports/index.js';
import { eventFrame } from './frames.js';

type FanOutPorts = Pick<Ports, 'directory' | 'gateway' | 'telemetry'>;

const NO_ONE: Sent = { sent: 0, queued: 0, gone: 0 };

/** The topics whose subscribers an event reaches. */
export const reaches = (topic: string): readonly string[] =>
  topic === ALL_DEALS || topic === PRICE_UPDATES ? [topic] : [topic, ALL_DEALS];

/** Connections with a match, each once. Where one group matches, its own collection is taken as it is. */
const receivers = (groups: readonly Iterable<Candidate>[], event: LogEvent): Iterable<string> | undefined => {
  const attributes = attributesOf(event);
  let only: Iterable<string> | undefined;
  let merged: Set<string> | undefined;
  for (const group of groups) {
    for (const candidate of group) {
      if (!candidate.matcher(attributes)) continue;
      if (only === undefined) {
        only = candidate.connectionIds;
        continue;
      }
      merged ??= new Set(only);
      for (const id of candidate.connectionIds) merged.add(id);
    }
  }
  return merged ?? only;
};

const candidates = (ports: FanOutPorts, event: LogEvent): Awaitable<readonly Iterable<Candidate>[]> => {
  const attributes = attributesOf(event);
  const [own, all] = reaches(event.topic);
  return andThen(ports.directory.candidates(own as string, attributes), (first) =>
    all === undefined ? [first] : andThen(ports.directory.candidates(all, attributes), (second) => [first, second]),
  );
};

/** Gives an event to those of the groups that match. */
const give = (ports: FanOutPorts, event: LogEvent, groups: readonly Iterable<Candidate>[]): Awaitable<Sent> => {
  const to = receivers(groups, event);
  const sent = to === undefined ? NO_ONE : ports.gateway.send(to, eventFrame(event));
  ports.gateway.advance(event.offset);
  return andThen(sent, (result) => {
    ports.telemetry.count('published', { topic: event.topic });
    ports.telemetry.count('deliveries', { kind: 'event' }, result.sent);
    return result;
  });
};

/** Gives an event to every connection that has a match. Events must be given in the order of their offsets. */
export const fanOut = (ports: FanOutPorts, event: LogEvent): Awaitable<Sent> =>
  andThen(candidates(ports, event), (groups) => give(ports, event, groups));

/**
 * Gives a list of events out, one after the other; those in a row that have the same receivers go as one run. What has to
 * be waited for is waited for in between.
 */
export const fanOutAll = async (ports: FanOutPorts, events: readonly LogEvent[]): Promise<readonly Sent[]> => {
  const { gateway, telemetry } = ports;
  if (gateway.sendRun === undefined || events.length === 1) return fanOutEach(ports, events);
  const results: Sent[] = [];
  let to: Iterable<string> | undefined;
  let run: LogEvent[] = [];
  const end = (): void => {
    if (run.length === 0) return;
    const sent = to === undefined ? NO_ONE : (gateway.sendRun?.(to, run.map(eventFrame)) ?? NO_ONE);
    gateway.advance((run.at(-1) as LogEvent).offset);
    for (const { topic } of run) {
      telemetry.count('published', { topic });
      telemetry.count('deliveries', { kind: 'event' }, sent.sent);
      results.push(sent);
    }
    run = [];
  };
  for (const [i, event] of events.entries()) {
    const groups = candidates(ports, event);
    // Whoever has to wait sends one by one: its receivers may change meanwhile.
    if (groups instanceof Promise) {
      end();
      return [...results, ...(await fanOutEach(ports, events.slice(i)))];
    }
    const next = receivers(groups, event);
    if (next !== to) end();
    to = next;
    run.push(event);
  }
  end();
  return results;
};

/** Some events are on their way while the next is given; where one fails, those that had begun end first. */
const fanOutOverlapping = async (
  ports: FanOutPorts,
  events: readonly LogEvent[],
  atOnce: number,
): Promise<readonly Sent[]> => {
  const underWay: Promise<Sent>[] = [];
  let fault: { readonly error: unknown } | undefined;
  for (const event of events) {
    if (fault !== undefined) break;
    const given = Promise.resolve(give(ports, event, await candidates(ports, event)));
    underWay.push(given);
    given.catch((error: unknown) => {
      fault ??= { error };
    });
    await underWay[underWay.length - atOnce]?.catch(() => undefined);
  }
  await Promise.allSettled(underWay);
  return Promise.all(underWay);
};

const fanOutEach = async (ports: FanOutPorts, events: readonly LogEvent[]): Promise<readonly Sent[]> => {
  const { eventsAtOnce = 1 } = ports.gateway;
  if (eventsAtOnce > 1) return fanOutOverlapping(ports, events, eventsAtOnce);
  const results: Sent[] = [];
  for (const event of events) {
    const sent = fanOut(ports, event);
    // Awaited only where it must be: between two fan-outs of one node nothing else may begin.
    results.push(sent instanceof Promise ? await sent : sent);
  }
  return results;
};
