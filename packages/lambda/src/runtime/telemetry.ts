import type { Telemetry, TelemetryEvent } from '@aideals/core';

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

/** What a function counts, beside what the core does. */
export interface Meter {
  count: Telemetry['count'];
  observe: Telemetry['observe'];
}

/** JSON lines to the log of the function; numbers to the meter. */
export const lambdaTelemetry = (meter: Meter, write: (line: string) => void): Telemetry => ({
  event: (event) => write(JSON.stringify(logged(event))),
  count: meter.count,
  observe: meter.observe,
});
