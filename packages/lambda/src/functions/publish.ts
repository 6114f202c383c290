import type { InvocationContext, ProxyResult } from '../event.js';
import { createBroadcast } from '../handlers/broadcast.js';
import type { Runtime } from '../runtime/compose.js';
import { isWork } from '../runtime/fan-out.js';

/** The function that publishes, and that others start as a worker of the fan-out. */
export const broadcastFunction = ({
  engine,
  invokerKey,
  invocation,
  address,
  ports,
  ready,
  fanOut,
  meter,
  sending,
}: Runtime) => {
  const broadcast = createBroadcast({ engine, invokerKey, invocationId: () => invocation.id });
  return async (event: unknown, context?: InvocationContext): Promise<ProxyResult | undefined> => {
    invocation.begin(context, ports.ids.next('mark'));
    try {
      await address.find();
      if (isWork(event)) return void (await fanOut.work());
      await ready();
      return await sending(
        () => broadcast(event),
        ({ statusCode }) => statusCode !== 200,
      );
    } finally {
      meter.publish();
    }
  };
};
