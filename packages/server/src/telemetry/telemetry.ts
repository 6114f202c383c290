import type { Telemetry, TelemetryEvent } from '@aideals/core';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.js';

const log = (logger: Logger, event: TelemetryEvent): void => {
  switch (event.name) {
    case 'internal-error':
      logger.error({ errorId: event.errorId, where: event.where, err: event.error }, 'a fault');
      return;
    case 'auth-refused':
      logger.info({ reason: event.reason, ip: event.ip }, 'a token was refused');
      return;
    case 'order-broken':
      logger.error({ offset: event.offset, position: event.position }, 'an event came out of order');
      return;
    case 'closed-by-admin':
      logger.info({ connectionId: event.connectionId, by: event.by }, 'a connection was closed by an administrator');
  }
};

/** What the core reports, to the log and to the metrics. */
export const telemetryOver = (logger: Logger, metrics: Metrics): Telemetry => ({
  event: (event) => log(logger, event),
  count: (name, labels, n = 1) => metrics.count(name, labels, n),
  observe: (name, labels, value) => metrics.observe(name, labels, value),
});
