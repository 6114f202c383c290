import { defaultLimits, type Limits } from '@aideals/protocol';
import { type AwsAnswer, errorAnswer } from './answer.js';
import { answerConnectionCall, type Connections } from './connections.js';
import { answerInvokeCall, type Functions } from './functions.js';
import type { AwsRequest } from './request.js';
import { percentDecode } from './sigv4/percent.js';
import { type SecretOf, verifySignature } from './sigv4/verify.js';

export interface AwsCallOptions {
  /** The secret of an access key; undefined where the key is not known. */
  readonly keys: SecretOf;
  /** The stage whose name may stand before `@connections`. */
  readonly stage: string;
  readonly connections: Connections;
  readonly functions: Functions;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The wire’s own where it is left out. */
  readonly limits?: Pick<Limits, 'messageBytes' | 'bodyBytes'> & { readonly eventBytes?: number };
}

type Route =
  | { readonly service: 'execute-api'; readonly stage: string | undefined; readonly id: string }
  | { readonly service: 'lambda'; readonly name: string };

const CONNECTIONS = '@connections';

/** Which call a path is, if any. What stands between the slashes may be percent-encoded, as some clients do with `@`. */
const routeOf = (rawPath: string): Route | undefined => {
  const [root, ...encoded] = rawPath.split('/');
  const segments = encoded.map(percentDecode);
  if (root !== '' || segments.some((segment) => segment === undefined || segment === '')) return undefined;
  const [first, second, third, fourth] = segments as string[];
  if (segments.length === 2 && first === CONNECTIONS) {
    return { service: 'execute-api', stage: undefined, id: second as string };
  }
  if (segments.length === 3 && second === CONNECTIONS) {
    return { service: 'execute-api', stage: first, id: third as string };
  }
  if (segments.length === 4 && first === '2015-03-31' && second === 'functions' && fourth === 'invocations') {
    return { service: 'lambda', name: third as string };
  }
  return undefined;
};

const route = async (to: Route, request: AwsRequest, options: AwsCallOptions): Promise<AwsAnswer> => {
  const { stage, connections, functions, limits = defaultLimits } = options;
  if (to.service === 'execute-api') {
    if (to.stage !== undefined && to.stage !== stage) {
      return errorAnswer(403, 'ForbiddenException', { message: 'Forbidden' });
    }
    return answerConnectionCall(to.id, request, { connections, limits });
  }
  if (request.method !== 'POST') {
    const message = `${request.method} is not offered here; use POST.`;
    return errorAnswer(405, 'MethodNotAllowedException', { message }, { allow: 'POST' });
  }
  return answerInvokeCall(to.name, request, { functions, limits });
};

/**
 * Answers a call as AWS answers it: `[/STAGE]/@connections/{id}`, or `/2015-03-31/functions/{name}/invocations`. Undefined
 * where the path is neither. Nothing is looked up for a caller whose signature is not good: that is a 403 whatever it asks.
 * Rejects only with what `connections` or `functions` reject with.
 */
export const answerAwsCall = async (request: AwsRequest, options: AwsCallOptions): Promise<AwsAnswer | undefined> => {
  const to = routeOf(request.rawPath);
  if (to === undefined) return undefined;
  const rules = { secretOf: options.keys, service: to.service, now: options.now() };
  const verified = verifySignature(request, rules);
  if (!verified.ok) return errorAnswer(403, verified.type, { message: verified.message });
  return route(to, request, options);
};
