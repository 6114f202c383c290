import { actions, type LambdaGroup } from '@aideals/protocol';

/** The functions behind the WebSocket API: two for its own routes, and one for each group of actions. */
export type FunctionName = `aideals-websocket-${'connect' | 'disconnect' | LambdaGroup}`;

/** A message whose `action` names a route goes to that one, and any other message to `$default`. */
export interface Route {
  readonly routeKey: string;
  readonly functionName: FunctionName;
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
