import { WireError } from '@aideals/protocol';
import type { CallHandler } from '../handler.js';

export const handle: CallHandler<'closeConnection'> = async (cx, { params }) => {
  const { directory, gateway, telemetry } = cx.ports;
  if ((await directory.get(params.id)) === undefined) {
    throw new WireError('VALIDATION_ERROR', 'there is no such connection', undefined, 404);
  }
  telemetry.event({ name: 'closed-by-admin', connectionId: params.id, by: cx.principal.name });
  await gateway.close(params.id, { code: 4003 });
  return { reply: undefined };
};
