import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { localCredentials } from '../gateway/local-credentials.js';

/** Starts functions of the deployment, without waiting for what they do. */
export interface Invoker {
  /** Resolves when the event is queued; false where no function can be started from here. */
  start(functionName: string | undefined, event: object): Promise<boolean>;
}

const ATTEMPT_MS = 2_000;

/** Lambda over the SDK. Without a region there is none: whoever is not started is done without. */
export const lambdaInvoker = (region: string | undefined, endpoint: string | undefined): Invoker => {
  let client: LambdaClient | undefined;
  const connect = (of: string): LambdaClient =>
    new LambdaClient({
      region: of,
      ...(endpoint === undefined ? {} : { endpoint, ...localCredentials(endpoint) }),
      maxAttempts: 2,
      requestHandler: {
        connectionTimeout: ATTEMPT_MS,
        requestTimeout: ATTEMPT_MS,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true },
        httpsAgent: { keepAlive: true },
      },
    });
  return {
    async start(FunctionName, event) {
      if (FunctionName === undefined || FunctionName === '' || region === undefined) return false;
      client ??= connect(region);
      const Payload = Buffer.from(JSON.stringify(event));
      await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload }));
      return true;
    },
  };
};
