import { toSeconds } from '@aideals/core';
import type { ServerFrame, WireError } from '@aideals/protocol';

/** The text of an `error` frame, which is also the body of a refused upgrade. `now` is Unix milliseconds. */
export const errorFrame = (error: WireError, now: number, requestId?: string): string => {
  const frame: ServerFrame = {
    type: 'error',
    data: error.data,
    ...(requestId === undefined ? {} : { requestId }),
    timestamp: toSeconds(now),
  };
  return JSON.stringify(frame);
};
