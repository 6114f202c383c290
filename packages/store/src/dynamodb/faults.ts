/** DynamoDB did not carry out what was asked, and may do so later: what was to be written may or may not be stored. */
export class DynamoUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DynamoUnavailable';
  }
}

/** Items of a batch that DynamoDB left undone: throttling in another form. */
export class Unprocessed extends Error {
  constructor(count: number) {
    super(`${count} items of a batch were left undone`);
    this.name = 'Unprocessed';
  }
}

interface Fault {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly errors?: readonly Fault[];
}

const THROTTLING: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'Unprocessed',
]);

const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

const faultOf = (error: unknown): Fault => (typeof error === 'object' && error !== null ? (error as Fault) : {});

/** Given up by ourselves. */
export const isAborted = (error: unknown): boolean => faultOf(error).name === 'AbortError';

export const isThrottled = (error: unknown): boolean => THROTTLING.has(faultOf(error).name ?? '');

/** Whether the same request may go well if it is repeated. */
export const isTransient = (error: unknown): boolean => {
  const { name = '', code = '', $metadata, errors } = faultOf(error);
  if (THROTTLING.has(name) || UNREACHABLE.has(code)) return true;
  if (name === 'TimeoutError' || name === 'AbortError' || name === 'TransactionInProgressException') return true;
  // A host with several addresses: Node tells one error for each.
  if (errors?.some(isTransient) === true) return true;
  return ($metadata?.httpStatusCode ?? 0) >= 500;
};

/** Whether the request may have been carried out although it failed. One that was throttled, or never left, was not. */
export const isUnclear = (error: unknown): boolean =>
  isTransient(error) && !isThrottled(error) && faultOf(error).code !== 'ECONNREFUSED';

export const isRefused = (error: unknown): boolean => faultOf(error).name === 'ConditionalCheckFailedException';

export const isMissingTable = (error: unknown): boolean => faultOf(error).name === 'ResourceNotFoundException';

/** A short reason, fit for one line of a log. */
export const reasonOf = (error: unknown): string => {
  const { name = 'Error', code, message = '', errors } = faultOf(error);
  const text = message === '' ? (errors?.[0]?.message ?? code ?? '') : message;
  return text === '' ? name : `${name}: ${text}`.replaceAll(/\s*\n\s*/gu, ' ');
};
