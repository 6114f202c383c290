import { actions } from '@aideals/protocol';
import type { Route } from './websocket/routes.js';

/** The functions of a deployment, by what they are for. */
export const functionNames = {
  connect: 'aideals-websocket-connect',
  disconnect: 'aideals-websocket-disconnect',
  default: 'aideals-websocket-default',
  message: 'aideals-websocket-message',
  subscription: 'aideals-websocket-subscription',
  broadcast: 'broadcast',
  http: 'aideals-http',
  sweep: 'aideals-sweep',
} as const;

/** Its routes, from the contracts. Each that takes messages answers by a route response. */
export const deployedRoutes = (): readonly Route[] => [
  { routeKey: '$connect', functionName: functionNames.connect },
  { routeKey: '$disconnect', functionName: functionNames.disconnect },
  { routeKey: '$default', functionName: functionNames.default, routeResponse: true },
  ...Object.values(actions).map(({ action, lambda }): Route => {
    return { routeKey: action, functionName: functionNames[lambda], routeResponse: true };
  }),
];
