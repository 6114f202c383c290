import type { LambdaGroup } from '@aideals/protocol';

/** The functions behind the WebSocket API: two for its own routes, and one for each group of actions. */
export type SocketFunctionName = `aideals-websocket-${'connect' | 'disconnect' | LambdaGroup}`;

export type FunctionName = SocketFunctionName | 'broadcast' | 'aideals-http' | 'aideals-sweep';

export const functionNames: readonly FunctionName[] = [
  'aideals-websocket-connect',
  'aideals-websocket-disconnect',
  'aideals-websocket-default',
  'aideals-websocket-message',
  'aideals-websocket-subscription',
  'broadcast',
  'aideals-http',
  'aideals-sweep',
];
