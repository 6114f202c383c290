import { type Filters, WireError } from '@aideals/protocol';
import type { Continuation } from '../outcome.js';
import type { Changed, Ports, Subscription } from '../ports/index.js';

export interface ChangeRequest {
  readonly connectionId: string;
  readonly subscriptionId: string;
  readonly filters: Filters;
}

export interface ChangeResult {
  /** What stands now. */
  readonly subscription: Subscription;
  /** Up to there the former filters have decided. */
  readonly lastEventId: string;
  readonly next: Continuation;
}

type ChangePorts = Pick<Ports, 'directory' | 'gateway' | 'streams'>;

/**
 * Changed and held. Where the directory answers at once, no event comes between the two; where it does not, events are held
 * from before, and read from the log again: some were matched by the former filters.
 */
const changeAndHold = async (ports: ChangePorts, request: ChangeRequest): Promise<Changed> => {
  const { directory, gateway } = ports;
  const { connectionId, subscriptionId, filters } = request;
  const changing = directory.change(connectionId, subscriptionId, filters);
  if (!(changing instanceof Promise)) {
    if (changing.outcome === 'unknown') return changing;
    gateway.reread(connectionId);
    gateway.hold(connectionId);
    return changing;
  }
  gateway.hold(connectionId);
  let changed: Changed = { outcome: 'unknown' };
  try {
    changed = await changing;
  } finally {
    if (changed.outcome === 'unknown') gateway.release(connectionId, 0);
    else gateway.reread(connectionId);
  }
  return changed;
};

/** Gives a subscription other filters: what its connection has been served so far, the former ones decided, all else the new ones. */
export const change = async (ports: ChangePorts, request: ChangeRequest): Promise<ChangeResult> => {
  const { gateway, streams } = ports;
  const { connectionId, subscriptionId } = request;
  const changed = await changeAndHold(ports, request);
  if (changed.outcome === 'unknown') {
    throw new WireError('SUBSCRIPTION_ERROR', 'this connection has no such subscription', { subscriptionId });
  }
  try {
    const from = gateway.position(connectionId) ?? (await streams.top());
    const { subscription } = changed;
    return { subscription, lastEventId: streams.idOf(from), next: { kind: 'catchup', after: from } };
  } catch (error) {
    gateway.release(connectionId, 0);
    throw error;
  }
};
