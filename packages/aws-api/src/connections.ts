import type { Limits } from '@aideals/protocol';
import { type AwsAnswer, emptyAnswer, errorAnswer, jsonAnswer } from './answer.js';
import type { AwsRequest } from './request.js';

/** What is told of an open connection. Times are Unix milliseconds. */
export interface ConnectionFacts {
  readonly connectedAt: number;
  /** When a data frame last went either way. */
  readonly lastActiveAt: number;
  readonly sourceIp: string;
  readonly userAgent?: string;
}

/** `busy`: the connection takes no more now, since its client does not read what waits for it. */
export type Posted = 'sent' | 'gone' | 'busy';

/** The open connections, as the one who mounts this reaches them. What they reject with is passed on. */
export interface Connections {
  /** Undefined where the connection is not open. */
  get(connectionId: string): Promise<ConnectionFacts | undefined>;
  /** Sends the text as one frame, as it is. */
  post(connectionId: string, text: string): Promise<Posted>;
  /** Closes the connection; false where it is not open. */
  delete(connectionId: string): Promise<boolean>;
}

export interface ConnectionCallOptions {
  readonly connections: Connections;
  readonly limits: Pick<Limits, 'messageBytes'>;
}

const gone = (): AwsAnswer => errorAnswer(410, 'GoneException', { message: 'Gone' });

const got = (facts: ConnectionFacts | undefined): AwsAnswer => {
  if (facts === undefined) return gone();
  const { connectedAt, lastActiveAt, sourceIp, userAgent } = facts;
  return jsonAnswer(
    200,
    JSON.stringify({
      connectedAt: new Date(connectedAt).toISOString(),
      identity: { sourceIp, userAgent },
      lastActiveAt: new Date(lastActiveAt).toISOString(),
    }),
  );
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a body; undefined where it is not UTF-8. */
export const textOf = (body: Uint8Array): string | undefined => {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
};

const posted = async (id: string, request: AwsRequest, options: ConnectionCallOptions): Promise<AwsAnswer> => {
  const { messageBytes } = options.limits;
  if (request.body.byteLength > messageBytes) {
    const message = `The data is ${request.body.byteLength} bytes; a message has at most ${messageBytes}.`;
    return errorAnswer(413, 'PayloadTooLargeException', { message });
  }
  const text = textOf(request.body);
  if (text === undefined) {
    return errorAnswer(400, 'BadRequestException', { message: 'The data is not UTF-8; a message is text.' });
  }
  switch (await options.connections.post(id, text)) {
    case 'sent':
      return emptyAnswer(200);
    case 'gone':
      return gone();
    case 'busy':
      return errorAnswer(429, 'LimitExceededException', {
        message: 'The client does not read what waits for it; post again later.',
      });
  }
};

/** `GET`, `POST` and `DELETE` of `@connections/{id}`. */
export const answerConnectionCall = async (
  id: string,
  request: AwsRequest,
  options: ConnectionCallOptions,
): Promise<AwsAnswer> => {
  switch (request.method) {
    case 'GET':
      return got(await options.connections.get(id));
    case 'POST':
      return posted(id, request, options);
    case 'DELETE':
      return (await options.connections.delete(id)) ? emptyAnswer(204) : gone();
    default:
      return errorAnswer(
        405,
        'MethodNotAllowedException',
        { message: `${request.method} is not offered here; use GET, POST or DELETE.` },
        { allow: 'GET, POST, DELETE' },
      );
  }
};
