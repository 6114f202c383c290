import type { Telemetry, TelemetryEvent } from '@aideals/core';
import type { Logger } from 'pino';
import type { FaultLog } from './faults.js';
import type { Metrics } from './metrics.js';

const log = (logger: Logger, faults: FaultLog, event: TelemetryEvent): void => {
  switch (event.name) {
    case 'internal-error':
      faults.tell(event.where, event.error, event.errorId);
      return;
    case 'auth-refused':
      logger.info({ reason: event.reason, ip: event.ip }, 'a token was refused');
      return;
    case 'order-broken':
      logger.error({ offset: event.offset, position: event.position }, 'an event came out of order');
      return;
    case 'closed-by-admin':
      logger.info({ connectionId: event.connectionId, by: event.by }, 'a connection was closed by an administrator');
      return;
    case 'log-anew':
      logger.warn(
        { given: event.given, top: event.top, closed: event.closed },
        'the log of events does not go on from what was given; subscribers were sent away to resume',
      );
      return;
    case 'clock-skew':
      logger.warn(
        { node: event.node, aheadMs: event.ahead },
        'the clock of another node is more than 5 s ahead of this one’s; set both by one time service',
      );
      return;
    case 'other-deployment':
      logger.warn(
        { node: event.node, deployment: event.deployment },
        'another deployment uses this Redis under the same prefix and shares its events; set AIDEALS_REDIS_PREFIX apart, or give both the same tables',
      );
      return;
    case 'unheard-node':
      logger.warn(
        { node: event.node },
        'another node shares the table and is not heard on Redis: it is cut off, or uses another Redis or prefix',
      );
      return;
    case 'lease-lapsed':
      logger.warn(
        { ms: event.ms },
        'this node was away for longer than its lease; its connections are registered anew',
      );
  }
};

/** What the core reports, to the log and to the metrics. */
export const telemetryOver = (logger: Logger, faults: FaultLog, metrics: Metrics): Telemetry => ({
  event: (event) => log(logger, faults, event),
  count: (name, labels, n = 1) => metrics.count(name, labels, n),
  observe: (name, labels, value) => metrics.observe(name, labels, value),
});
