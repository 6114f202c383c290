import type { ActionHandler } from '../handler.js';

export const handle: ActionHandler<'ping'> = (cx) => {
  const position = cx.ports.gateway.position(cx.connection.connectionId);
  return {
    type: 'pong',
    data: {},
    ...(position === undefined ? {} : { envelope: { lastEventId: cx.ports.streams.idOf(position) } }),
  };
};
