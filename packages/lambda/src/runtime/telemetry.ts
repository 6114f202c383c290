import type { Telemetry, TelemetryEvent } from '@aideals/core';
import type { Meter } from './meter.js';

const shown = (error: unknown): object =>
  error instanceof Error
    ? {
        name: error.name,
        message: error.message,
        stack: error.stack,
        ...(error.cause === undefined ? {} : { cause: shown(error.cause) }),
      }
    : { message: String(error) };

/** What is worth a line of the function's log: never a token, never a message's content. */
export const logged = (
  event: TelemetryEvent,
): { readonly level: 'error' | 'warn' | 'info' } & Record<string, unknown> => {
  const { name, ...rest } = event;
  if (event.name !== 'internal-error')
    return { level: name === 'order-broken' ? 'warn' : 'info', event: name, ...rest };
  return { level: 'error', event: name, errorId: event.errorId, where: event.where, error: shown(event.error) };
};

/** JSON lines to the log of the function; numbers to the meter. */
export const lambdaTelemetry = (meter: Meter, write: (line: string) => void): Telemetry => ({
  event(event) {
    if (event.name === 'internal-error') meter.failed();
    write(JSON.stringify(logged(event)));
  },
  count(name, _labels, n = 1) {
    if (name === 'frames' || name === 'deliveries') meter.messages(n);
  },
  observe: () => undefined,
});
