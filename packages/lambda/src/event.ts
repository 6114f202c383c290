import type { Continuation } from '@aideals/core';

/** Where an event comes from. */
export interface EventContext {
  readonly domainName?: string;
  readonly stage?: string;
}

/** The parts of API Gateway’s WebSocket proxy events that are read here. Its maps are null where there is nothing in them. */
interface RequestContext extends EventContext {
  readonly connectionId: string;
  /** `$connect`, `$disconnect`, `$default`, or the name of an action. */
  readonly routeKey: string;
  /** Unix milliseconds. */
  readonly requestTimeEpoch: number;
  readonly identity: { readonly sourceIp: string };
}

type Values = Readonly<Record<string, string | undefined>> | null;
type Lists = Readonly<Record<string, readonly string[] | undefined>> | null;

/** What the route `$connect` is invoked with. Header names are as the client wrote them, query values are decoded. */
export interface ConnectEvent {
  readonly requestContext: RequestContext;
  readonly headers?: Values;
  readonly multiValueHeaders?: Lists;
  readonly queryStringParameters?: Values;
  readonly multiValueQueryStringParameters?: Lists;
}

/** What every other route but `$disconnect` is invoked with: one message of the client. */
export interface MessageEvent {
  /** `messageId` is the same for each repeat of an invocation. */
  readonly requestContext: RequestContext & { readonly messageId?: string };
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

/** What `$disconnect` is invoked with, where it is at all. */
export interface DisconnectEvent {
  readonly requestContext: RequestContext;
}

/** What a function of this deployment sends to itself, or to another: work that goes on in an invocation of its own. */
export type OwnEvent =
  /** A connection was let in: hand over what waits as soon as it is open. */
  | { readonly opened: string }
  /** Pages of a connection that did not fit into an invocation. */
  | { readonly pages: { readonly connectionId: string; readonly next: readonly Continuation[] } };

/** What Lambda tells of an invocation. */
export interface InvocationContext {
  /** The same for each repeat of an invocation that failed. */
  readonly awsRequestId: string;
  readonly functionName: string;
  getRemainingTimeInMillis(): number;
}

/**
 * What a function answers. For `$connect` it is the response to the upgrade; for a route with a route response, `body` is
 * sent to the client as a frame, and nothing is where there is none.
 */
export interface ProxyResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
