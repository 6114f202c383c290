import { actions } from '@aideals/protocol';
import type { SocketFunctionName } from '../functions/names.js';

/** A message whose `action` names a route goes to that one, and any other message to `$default`. */
export interface Route {
  readonly routeKey: string;
  readonly functionName: SocketFunctionName;
}

/** Every route of the API, from the contracts: a new action is a new route. */
export const routes: readonly Route[] = [
  { routeKey: '$connect', functionName: 'aideals-websocket-connect' },
  { routeKey: '$disconnect', functionName: 'aideals-websocket-disconnect' },
  { routeKey: '$default', functionName: 'aideals-websocket-default' },
  ...Object.values(actions).map(
    ({ action, lambda }): Route => ({ routeKey: action, functionName: `aideals-websocket-${lambda}` }),
  ),
];

/** The client is answered by the function's body on each route that carries a message. */
export const answers = (routeKey: string): boolean => routeKey !== '$connect' && routeKey !== '$disconnect';
