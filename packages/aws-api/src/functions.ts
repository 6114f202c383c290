import type { Limits } from '@aideals/protocol';
import { type AwsAnswer, emptyAnswer, errorAnswer, jsonAnswer } from './answer.js';
import { textOf } from './connections.js';
import { type AwsRequest, headerOf } from './request.js';
import { percentDecode } from './sigv4/percent.js';

/** What a function returned, as JSON text, the error that it ended with, or why it was not begun. */
export type Invocation =
  | { readonly payload: string }
  | { readonly error: { readonly errorType: string; readonly errorMessage: string } }
  | { readonly throttled: string };

/** The functions that can be invoked, as the one who mounts this runs them. What they reject with is passed on. */
export interface Functions {
  /** Runs a function with a JSON text to its end; undefined where there is none of that name. */
  invoke(name: string, payload: string): Promise<Invocation | undefined>;
  /** Takes an `Event` to be run later; false where there is no function of that name. Without it an `Event` is run at once. */
  queue?(name: string, payload: string): boolean;
}

export interface InvokeCallOptions {
  readonly functions: Functions;
  /** `eventBytes`: what an `Event` may have, where that is less. */
  readonly limits: Pick<Limits, 'bodyBytes'> & { readonly eventBytes?: number };
}

const LATEST = '$LATEST';

/** A name, a partial ARN or an ARN, each with or without a qualifier. */
const FUNCTION =
  /^(?:(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:)?\d{12}:function:)?(?<name>[A-Za-z0-9_-]{1,140})(?::(?<qualifier>[A-Za-z0-9$_-]{1,128}))?$/;

/** Errors of the caller carry their message under the name that the service’s model has for it. */
const refused = (status: number, type: string, text: string): AwsAnswer =>
  errorAnswer(status, type, { Type: 'User', message: text });

const notFound = (name: string): AwsAnswer =>
  errorAnswer(404, 'ResourceNotFoundException', { Type: 'User', Message: `Function not found: ${name}` });

const wrongParameter = (text: string): AwsAnswer => refused(400, 'InvalidParameterValueException', text);

interface Target {
  readonly name: string;
  readonly qualifier: string;
}

const qualifierOf = (rawQuery: string): string | undefined =>
  rawQuery
    .split('&')
    .filter((pair) => pair.startsWith('Qualifier='))
    .map((pair) => percentDecode(pair.slice('Qualifier='.length)) ?? '')[0];

const targetOf = (reference: string, rawQuery: string): Target | AwsAnswer => {
  const { name, qualifier: inPath } = FUNCTION.exec(reference)?.groups ?? {};
  if (name === undefined) return wrongParameter('The function is neither a name nor an ARN.');
  const inQuery = qualifierOf(rawQuery);
  if (inPath !== undefined && inQuery !== undefined && inPath !== inQuery) {
    return wrongParameter('The derived qualifier from the function name does not match the specified qualifier.');
  }
  return { name, qualifier: inPath ?? inQuery ?? LATEST };
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** The JSON text of the payload; nothing at all stands for `{}`, as it does there. */
const payloadOf = (body: Uint8Array, bodyBytes: number): string | AwsAnswer => {
  if (body.byteLength > bodyBytes) {
    return refused(
      413,
      'RequestTooLargeException',
      `The payload is ${body.byteLength} bytes; send at most ${bodyBytes}.`,
    );
  }
  if (body.byteLength === 0) return '{}';
  const text = textOf(body);
  if (text === undefined || !isJson(text)) {
    return refused(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
  return text;
};

const VERSION = { 'X-Amz-Executed-Version': LATEST };

const responded = (invocation: Invocation): AwsAnswer => {
  if ('payload' in invocation) return jsonAnswer(200, invocation.payload, VERSION);
  if ('throttled' in invocation) {
    const body = { Reason: invocation.throttled, Type: 'User', message: 'Rate Exceeded.' };
    return errorAnswer(429, 'TooManyRequestsException', body);
  }
  const { errorType, errorMessage } = invocation.error;
  const body = JSON.stringify({ errorMessage, errorType });
  return jsonAnswer(200, body, { ...VERSION, 'X-Amz-Function-Error': 'Unhandled' });
};

/**
 * `POST /2015-03-31/functions/{reference}/invocations`. Where `functions` has no queue an `Event` is answered when the function
 * has run, not before: nothing would keep it over a crash. How it ended is not told then.
 */
export const answerInvokeCall = async (
  reference: string,
  request: AwsRequest,
  options: InvokeCallOptions,
): Promise<AwsAnswer> => {
  const type = headerOf(request, 'x-amz-invocation-type') ?? 'RequestResponse';
  if (type !== 'Event' && type !== 'RequestResponse') {
    return wrongParameter('X-Amz-Invocation-Type must be Event or RequestResponse here.');
  }
  const target = targetOf(reference, request.rawQuery);
  if ('status' in target) return target;
  const { bodyBytes, eventBytes = bodyBytes } = options.limits;
  const payload = payloadOf(request.body, type === 'Event' ? Math.min(bodyBytes, eventBytes) : bodyBytes);
  if (typeof payload !== 'string') return payload;
  if (target.qualifier !== LATEST) return notFound(`${target.name}:${target.qualifier}`);
  if (type === 'Event' && options.functions.queue !== undefined) {
    return options.functions.queue(target.name, payload) ? emptyAnswer(202) : notFound(target.name);
  }
  const invocation = await options.functions.invoke(target.name, payload);
  if (invocation === undefined) return notFound(target.name);
  return type === 'Event' ? emptyAnswer(202) : responded(invocation);
};
