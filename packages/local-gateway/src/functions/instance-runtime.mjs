import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { watchFreeze } from './freeze-watch.mjs';

/**
 * What Lambda’s runtime does, in a thread: loads a function’s module once, and hands it one event after another. It is plain
 * JavaScript, so that a thread can begin with it where nothing is built.
 *
 * @typedef {import('node:worker_threads').MessagePort} Port
 * @typedef {{ payload: string, requestId: string, timeoutMs: number, arn: string }} Call
 */

const port = /** @type {Port} */ (parentPort);
const { file, handlerName, functionName, memoryMb } = workerData;

/** The invocation that is served, or was last. */
let requestId = 'none';

const watch = watchFreeze((breach) => port.postMessage({ kind: 'breach', requestId, ...breach }));

const turn = () => new Promise((resolve) => setImmediate(resolve));

const errorOf = (/** @type {unknown} */ error) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

const contextOf = (/** @type {Call} */ { requestId, timeoutMs, arn }) => {
  const endsAt = Date.now() + timeoutMs;
  return {
    awsRequestId: requestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMb),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
  };
};

/** @type {(event: unknown, context: object) => unknown} */
let handler;

const run = async (/** @type {Call} */ call) => {
  watch.thaw();
  requestId = call.requestId;
  try {
    const result = await handler(JSON.parse(call.payload), contextOf(call));
    port.postMessage({ kind: 'result', payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    port.postMessage({ kind: 'error', error: errorOf(error) });
  }
  // Sockets that are done with are given back to their agents in these turns.
  await turn();
  await turn();
  watch.freeze();
  port.postMessage({ kind: 'frozen' });
};

try {
  const loaded = await import(pathToFileURL(file).href);
  handler = loaded[handlerName];
  if (typeof handler !== 'function') {
    throw Object.assign(new Error(`${handlerName} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  }
  port.on('message', (call) => void run(call));
  port.postMessage({ kind: 'ready' });
} catch (error) {
  port.postMessage({ kind: 'failed', error: errorOf(error) });
}
