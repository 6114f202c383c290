import { SignJWT } from 'jose';
import type { ConnectEvent, InvocationContext, MessageEvent, OwnEvent, ProxyResult } from '../event.js';
import { broadcastFunction } from '../functions/publish.js';
import { socketFunctions } from '../functions/socket.js';
import { sweepFunction } from '../functions/timed.js';
import { compose } from '../runtime/compose.js';
import { connectEvent, messageEvent } from './events.js';
import { type LocalAws, startLocalAws } from './local-aws.js';

export interface Received {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly requestId?: string;
  readonly id?: string;
  readonly replay?: string;
}

const MESSAGE_FUNCTION = 'aideals-websocket-message';
const CONNECT_FUNCTION = 'aideals-websocket-connect';

let made = 0;
export const fresh = (name: string): string => {
  made += 1;
  return `${name}-${made}=`;
};

/** A whole deployment on this machine: each event is served by a process that knows nothing but what is stored. */
export const startServerless = async (variables: Readonly<Record<string, string>> = {}) => {
  const aws: LocalAws = await startLocalAws();
  const env = { ...aws.env, ...variables };
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };
  const start = () => compose(env, clock);

  const context = (functionName: string, awsRequestId = fresh('invocation')): InvocationContext => ({
    awsRequestId,
    functionName,
    getRemainingTimeInMillis: () => 29_000,
  });

  const token = (sub: string, seconds = 3_600): Promise<string> =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(sub)
      .setExpirationTime(Math.floor(clock.now() / 1000) + seconds)
      .sign(new TextEncoder().encode(aws.env['JWT_SECRET']));

  const connectWith = (connectionId: string, event: ConnectEvent): Promise<ProxyResult | undefined> => {
    const { domainName: _, ...told } = event.requestContext;
    const given = { ...event, requestContext: { ...told, connectionId } };
    return socketFunctions(start()).connect(given, context(CONNECT_FUNCTION));
  };

  const connecting = async (connectionId: string, user: string, seconds?: number): Promise<ProxyResult | undefined> => {
    const protocols = `aideals.v1, aideals.token.${await token(user, seconds)}`;
    return connectWith(connectionId, connectEvent({ 'Sec-WebSocket-Protocol': protocols }));
  };

  const message = (event: MessageEvent): Promise<ProxyResult | undefined> =>
    socketFunctions(start()).message(event, context(MESSAGE_FUNCTION));

  const run = ({ functionName, event }: LocalAws['invoked'][number]): Promise<unknown> => {
    if (functionName === 'broadcast') return broadcastFunction(start())(event, context(functionName));
    const functions = socketFunctions(start());
    const serve = functionName === CONNECT_FUNCTION ? functions.connect : functions.message;
    return serve(event as OwnEvent, context(functionName));
  };

  return {
    ...{ aws, env, clock, start, token, connecting, connectWith, context, message },

    /** Moves the clock of all functions. */
    pass(seconds: number): void {
      ahead += seconds * 1_000;
    },

    async connect(user: string, seconds?: number): Promise<string> {
      const id = fresh('connection');
      const result = await connecting(id, user, seconds);
      if (result?.statusCode !== 200) throw new Error(`refused with ${result?.statusCode}`);
      aws.end(id).state = 'open';
      return id;
    },

    /** A frame, and the reply where it is the body of the result. */
    async ask(connectionId: string, action: string, data: object = {}): Promise<Received | undefined> {
      const result = await message(
        messageEvent(connectionId, JSON.stringify({ action, data, requestId: 'r' }), action),
      );
      return result?.body === undefined ? undefined : (JSON.parse(result.body) as Received);
    },

    inbox: (connectionId: string): Received[] =>
      aws.end(connectionId).inbox.map((text) => JSON.parse(text) as Received),

    async publish(event: object, requestId?: string): Promise<Record<string, unknown>> {
      const result = await broadcastFunction(start())(event, context('broadcast', requestId));
      if (result?.statusCode !== 200) throw new Error(result?.body);
      return JSON.parse(result.body ?? '') as Record<string, unknown>;
    },

    sweep: () => sweepFunction(start())({}, context('aideals-sweep')),

    disconnect: (connectionId: string): Promise<ProxyResult> =>
      socketFunctions(start()).disconnect(messageEvent(connectionId, '', '$disconnect'), context('disconnect')),

    /** Runs what was invoked as an `Event`, one after another, and what that invokes. */
    async runInvoked(): Promise<number> {
      let ran = 0;
      for (let next = aws.invoked.shift(); next !== undefined; next = aws.invoked.shift()) {
        await run(next);
        ran += 1;
      }
      return ran;
    },

    stop: () => aws.stop(),
  };
};

export type Serverless = Awaited<ReturnType<typeof startServerless>>;
