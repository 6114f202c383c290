import type { InvocationContext, ProxyResult } from '../event.js';
import { createBroadcast } from '../handlers/broadcast.js';
import { compose } from '../runtime/compose.js';
import { isWork } from '../runtime/fan-out.js';

const { engine, invokerKey, invocation, address, ports, ready, fanOut, meter } = compose();

const broadcast = createBroadcast({ engine, invokerKey, invocationId: () => invocation.id });

/** Publishes an event, or a list of them: whoever may invoke this function may. Other functions start it as a worker. */
export const handler = async (event: unknown, context?: InvocationContext): Promise<ProxyResult | undefined> => {
  invocation.begin(context, ports.ids.next('mark'));
  try {
    await address.find();
    if (isWork(event)) return void (await fanOut.work());
    await ready();
    return await broadcast(event);
  } finally {
    meter.publish();
  }
};
