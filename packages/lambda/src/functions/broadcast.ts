import type { InvocationContext, ProxyResult } from '../event.js';
import { createBroadcast } from '../handlers/broadcast.js';
import { compose } from '../runtime/compose.js';

const { engine, invokerKey, invocation, address, ports, ready } = compose();

const broadcast = createBroadcast({ engine, invokerKey, invocationId: () => invocation.id });

/** Publishes an event, or a list of them: whoever may invoke this function may. */
export const handler = async (event: unknown, context?: InvocationContext): Promise<ProxyResult> => {
  invocation.begin(context, ports.ids.next('mark'));
  await Promise.all([address.find(), ready()]);
  return broadcast(event);
};
