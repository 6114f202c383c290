import type { Clock } from '../clock.js';
import type { Lambda } from '../functions/lambda.js';
import { type ProxyResult, proxyResultOf } from './proxy-result.js';

/** API Gateway waits so long for an integration. */
const INTEGRATION_MS = 29_000;

export type Fault = 'Internal server error' | 'Endpoint request timed out';

/** Runs a function for the API: its response, or what API Gateway says where there is none. */
export const integrate = async (
  lambda: Lambda,
  clock: Clock,
  functionName: string,
  event: object,
): Promise<ProxyResult | Fault> => {
  let callOff = (): void => undefined;
  const late = new Promise<'late'>((resolve) => {
    callOff = clock.after(INTEGRATION_MS, () => resolve('late'));
  });
  const ran = await Promise.race([lambda.invoke(functionName, JSON.stringify(event)), late]);
  callOff();
  if (ran === 'late') return 'Endpoint request timed out';
  if (ran === undefined || !('payload' in ran)) return 'Internal server error';
  return proxyResultOf(ran.payload) ?? 'Internal server error';
};
