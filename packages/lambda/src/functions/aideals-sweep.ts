import type { InvocationContext } from '../event.js';
import { createSweep, type Swept } from '../handlers/sweep.js';
import { compose } from '../runtime/compose.js';

const runtime = compose();
const { engine, directory, apply, timers, ports, invocation, address, ready, meter, fanOut } = runtime;

const sweep = createSweep({
  ...{ engine, directory, apply, timers, clock: ports.clock, telemetry: ports.telemetry },
  trim: runtime.trim,
  hasTime: () => ports.clock.now() < invocation.deadline,
  errorId: () => ports.ids.next('error'),
});

/** Invoked each minute. */
export const handler = async (_event: unknown, context?: InvocationContext): Promise<Swept> => {
  invocation.begin(context, ports.ids.next('mark'));
  try {
    await Promise.all([address.find(), ready()]);
    const swept = await sweep();
    meter.connections(await directory.count());
    meter.fanoutEta(fanOut.etaSeconds(await fanOut.revive()));
    return swept;
  } finally {
    meter.publish();
  }
};
