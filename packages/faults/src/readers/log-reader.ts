import type { JsonObject } from '@aideals/protocol';
import type { FaultServer } from '../served/server.js';
import { DEADLINE_MS, Signal, within } from '../waiting.js';
import { offsetOf } from '../wire/event-id.js';
import { Peer } from '../wire/peer.js';

/** An event as the log has it. */
export interface LoggedEvent {
  readonly id: string;
  readonly offset: number;
  readonly topic: string;
  readonly data: JsonObject;
}

/** Where the log ends now. */
export const endOfLog = async (server: FaultServer): Promise<string> => {
  const peer = await Peer.dial(server, 'surveyor');
  const { data } = await peer.ask('subscribeToDeals', { topic: 'all-deals' });
  await peer.close();
  return String(data['lastEventId']);
};

/** All that the log holds after a position, as a fresh reader is given it. */
export const readLog = async (server: FaultServer, after: string): Promise<LoggedEvent[]> => {
  const events: LoggedEvent[] = [];
  const ended = new Signal();
  const peer = await Peer.dial(server, 'auditor', {
    onFrame: ({ type, id, topic = '', data }) => {
      if (type === 'subscriptionRecovered') ended.done();
      else if (id !== undefined && !ended.isDone) events.push({ id, offset: offsetOf(id), topic, data });
    },
  });
  const confirmed = await peer.ask('subscribeToDeals', { topic: 'all-deals', lastEventId: after });
  if (confirmed.data['recovered'] !== true) throw new Error(`not covered: ${JSON.stringify(confirmed.data)}`);
  await within(2 * DEADLINE_MS, 'the whole log', ended.promise);
  await peer.close();
  return events;
};
