import type { Lambda } from '../functions/lambda.js';
import { type ProxyResult, proxyResultOf } from './proxy-result.js';

/** API Gateway waits so long for an integration. */
const INTEGRATION_MS = 29_000;

export type Fault = 'Internal server error' | 'Endpoint request timed out';

/** Runs a function for the API: its response, or what API Gateway says where there is none. */
export const integrate = async (lambda: Lambda, functionName: string, event: object): Promise<ProxyResult | Fault> => {
  const ran = await lambda.invokeWithin(INTEGRATION_MS, functionName, JSON.stringify(event));
  if (ran === 'late') return 'Endpoint request timed out';
  if (ran === undefined || !('payload' in ran)) return 'Internal server error';
  return proxyResultOf(ran.payload) ?? 'Internal server error';
};
