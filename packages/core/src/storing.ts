import { type ErrorCode, WireError } from '@aideals/protocol';
import type { Context } from './handler.js';

/**
 * Runs what writes to a store. Where the store fails, the client is told so under the feature's own code, and the operator
 * finds the fault by the id in its details; nothing was confirmed.
 */
export const storing = async <T>(
  cx: Pick<Context, 'ports'>,
  code: ErrorCode,
  work: () => Promise<T>,
  status?: number,
): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WireError) throw error;
    const errorId = cx.ports.ids.next('error');
    cx.ports.telemetry.event({ name: 'internal-error', errorId, where: 'store', error });
    throw new WireError(code, 'could not be stored; nothing was confirmed, try again', { errorId }, status);
  }
};
