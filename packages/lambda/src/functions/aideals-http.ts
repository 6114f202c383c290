import asyncapi from '@aideals/protocol/asyncapi.json' with { type: 'json' };
import openapi from '@aideals/protocol/openapi.json' with { type: 'json' };
import type { InvocationContext, ProxyResult } from '../event.js';
import { doorRules } from '../handlers/door.js';
import { createHttp } from '../handlers/http.js';
import type { HttpEvent } from '../handlers/http-request.js';
import { compose } from '../runtime/compose.js';

const { config, engine, ports, invocation, address, ready, meter, sending } = compose();

const phraseOf = (error: unknown): string => (error instanceof Error ? error.message : 'does not answer');

const http = createHttp({
  engine,
  door: doorRules(config),
  clock: ports.clock,
  bodyBytes: config.bodyBytes,
  documents: { '/openapi.json': JSON.stringify(openapi), '/asyncapi.json': JSON.stringify(asyncapi) },
  checks: async () => ({
    store: await Promise.resolve(ports.table.check()).then(() => 'ok', phraseOf),
    log: await ready().then(() => 'ok', phraseOf),
  }),
});

/** The HTTP API. */
export const handler = async (event: HttpEvent, context?: InvocationContext): Promise<ProxyResult> => {
  invocation.begin(context, ports.ids.next('mark'));
  try {
    await Promise.all([address.find(), ready()]);
    return await sending(
      () => http(event),
      ({ statusCode }) => statusCode >= 500,
    );
  } finally {
    meter.publish();
  }
};
