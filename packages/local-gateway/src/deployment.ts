import { join } from 'node:path';
import { actions, callList } from '@aideals/protocol';
import type { FunctionOptions } from './functions/function.js';
import type { Cors } from './http/http-api.js';
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

/** What is not as it is for the others. */
const special: Readonly<Record<string, Partial<FunctionOptions>>> = {
  [functionNames.connect]: { maxEventAgeMs: 300_000 },
  [functionNames.broadcast]: { timeoutMs: 60_000 },
  [functionNames.sweep]: { timeoutMs: 55_000, reservedConcurrency: 1, retries: 0, maxEventAgeMs: 60_000 },
};

/** Its functions, each from `<folder>/<name>/index.mjs`. */
export const deployedFunctions = (folder: string): readonly FunctionOptions[] =>
  Object.values(functionNames).map((name) => ({ name, file: join(folder, name, 'index.mjs'), ...special[name] }));

/** What pages of these origins are told by its HTTP API; undefined where none is named. API Gateway takes no `null`. */
export const deployedCors = (origins: string | undefined): Cors | undefined => {
  const all = (origins ?? '').split(',').map((origin) => origin.trim());
  const allowOrigins = all.filter((origin) => origin !== '' && origin !== 'null');
  if (allowOrigins.length === 0) return undefined;
  return {
    allowOrigins,
    allowMethods: [...new Set(callList.map(({ method }) => method))].sort(),
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-api-key'],
    exposeHeaders: ['retry-after', 'idempotency-replayed'],
    maxAgeSeconds: 86_400,
  };
};
