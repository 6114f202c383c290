import { WireError } from '@aideals/protocol';
import { closeAnywhere } from '../delivery/close-anywhere.js';
import type { CallHandler } from '../handler.js';

export const handle: CallHandler<'closeConnection'> = async (cx, { params }) => {
  const { directory, telemetry } = cx.ports;
  const record = await directory.get(params.id);
  if (record === undefined) {
    throw new WireError('VALIDATION_ERROR', 'there is no such connection', undefined, 404);
  }
  telemetry.event({ name: 'closed-by-admin', connectionId: params.id, by: cx.principal.name });
  if (!(await closeAnywhere(cx.ports, record, { code: 4003 }))) {
    throw new WireError('CONNECTION_ERROR', 'the node that holds it is out of reach; try again', undefined, 503);
  }
  return { reply: undefined };
};
