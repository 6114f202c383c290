/** The parts of API Gateway’s WebSocket proxy events that are read here. Its maps are null where there is nothing in them. */
interface RequestContext {
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
  readonly requestContext: RequestContext;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
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
