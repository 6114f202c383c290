export { defaultQuota, type Quota } from './account-quota.js';
export { type Clock, ManualClock, systemClock } from './clock.js';
export { deployedCors, deployedFunctions, deployedRoutes, functionNames } from './deployment.js';
export type { DisorderRates } from './disorder.js';
export type { Breach, FunctionError, FunctionOptions, FunctionReports, Ran } from './functions/function.js';
export { type GatewayOptions, LocalGateway } from './local-gateway.js';
export type { ConnectionLimits } from './websocket/connection.js';
export type { Route } from './websocket/routes.js';
