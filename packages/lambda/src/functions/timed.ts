import type { InvocationContext } from '../event.js';
import { createSweep, type Swept } from '../handlers/sweep.js';
import type { Runtime } from '../runtime/compose.js';

/** The function that is invoked each minute. */
export const sweepFunction = (runtime: Runtime) => {
  const { engine, directory, apply, timers, ports, invocation, address, ready, meter, fanOut } = runtime;
  const { clock, telemetry, ids } = ports;
  const sweep = createSweep({
    ...{ engine, directory, apply, timers, clock, telemetry },
    trim: runtime.trim,
    hasTime: () => clock.now() < invocation.deadline,
    errorId: () => ids.next('error'),
  });
  return async (_event: unknown, context?: InvocationContext): Promise<Swept> => {
    invocation.begin(context, ids.next('mark'));
    try {
      await Promise.all([address.find(), ready()]);
      const swept = await runtime.sending(sweep);
      meter.connections(await directory.count());
      meter.fanoutEta(fanOut.etaSeconds(await fanOut.revive()));
      return swept;
    } finally {
      meter.publish();
    }
  };
};
