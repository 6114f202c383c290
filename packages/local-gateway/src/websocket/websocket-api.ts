import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { gatewayId } from '../aws-ids.js';
import type { Clock } from '../clock.js';
import type { Disorder } from '../disorder.js';
import { connectEvent, disconnectEvent, messageEvent } from '../events/websocket-events.js';
import type { Lambda } from '../functions/lambda.js';
import { Connection, type ConnectionLimits } from './connection.js';
import { integrate } from './integration.js';
import { gatewayMessage, type Refusal, refuseUpgrade } from './refusal.js';
import { type Route, Routes } from './routes.js';

export interface WebSocketApiOptions {
  readonly apiId: string;
  readonly stage: string;
  /** Paths on which upgrades are taken: the stage’s, and what a custom domain maps to it. */
  readonly paths: readonly string[];
  /** The host and port by which events name the API. */
  readonly domainName: () => string;
  readonly routes: readonly Route[];
  readonly lambda: Lambda;
  readonly clock: Clock;
  readonly disorder: Disorder;
  readonly limits: ConnectionLimits;
}

const KEY = /^[+/0-9A-Za-z]{22}==$/u;
const ABNORMAL = 1006;

export const sourceIpOf = ({ socket }: IncomingMessage): string =>
  (socket.remoteAddress ?? '').replace(/^::ffff:/u, '');

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

/** Whether a header lists subprotocols as it may: each a token, none twice. */
const areProtocols = (header: string | undefined): boolean => {
  if (header === undefined) return true;
  const names = header.split(',').map((name) => name.trim());
  return names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length;
};

/** What is wrong with an upgrade, before anyone is asked. */
const wrongUpgrade = ({ method, headers }: IncomingMessage): Refusal | undefined => {
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 400, body: gatewayMessage('Bad Request') };
  }
  if (headers['sec-websocket-version'] !== '13') {
    const wanted = { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
    return { status: 426, headers: wanted, body: gatewayMessage('Upgrade Required') };
  }
  // All that the library would refuse after `$connect` has let a client in.
  const isWhole = KEY.test(headers['sec-websocket-key'] ?? '') && areProtocols(headers['sec-websocket-protocol']);
  return isWhole ? undefined : { status: 400, body: gatewayMessage('Bad Request') };
};

/** A WebSocket API: the upgrades, the messages, and the connections as `@connections` sees them. */
export class WebSocketApi {
  readonly #options: WebSocketApiOptions;
  readonly #routes: Routes;
  readonly #server: WebSocketServer;
  readonly #connections = new Map<string, Connection>();
  /** Invocations whose end is awaited when the API is stopped. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #selected = new WeakMap<IncomingMessage, string>();
  #isStopped = false;

  constructor(options: WebSocketApiOptions) {
    this.#options = options;
    this.#routes = new Routes(options.routes);
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: options.limits.messageBytes,
      clientTracking: false,
      // The function says which is selected, and may say none.
      handleProtocols: () => false,
    });
    this.#server.on('headers', (headers, request) => {
      const selected = this.#selected.get(request);
      if (selected !== undefined) headers.push(`Sec-WebSocket-Protocol: ${selected.replaceAll(/[\r\n]/gu, '')}`);
    });
  }

  /** An open connection. One whose `$connect` has not returned is not there yet. */
  find(connectionId: string): Connection | undefined {
    const connection = this.#connections.get(connectionId);
    return connection?.isOpen === true ? connection : undefined;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Takes an upgrade, or refuses it. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const [path = '', ...query] = (request.url ?? '').split('?');
    if (!this.#options.paths.includes(path)) {
      const headers = { 'x-amzn-ErrorType': 'ForbiddenException' };
      return refuseUpgrade(socket, { status: 403, headers, body: gatewayMessage('Forbidden') });
    }
    const wrong = wrongUpgrade(request);
    if (wrong !== undefined) return refuseUpgrade(socket, wrong);
    const connection = this.#welcome(request);
    const refusal = await this.#connect(connection, request, query.join('?'));
    if (refusal !== undefined) return refuseUpgrade(socket, refusal);
    if (this.#isStopped) {
      socket.destroy();
      return;
    }
    let isOpened = false;
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      isOpened = true;
      this.#connections.set(connection.source.connectionId, connection);
      connection.open(opened, socket as Socket, {
        message: (text) => this.#keep(this.#message(connection, text)),
        ended: (status, reason) => this.#ended(connection, status, reason),
      });
    });
    // Whoever has left meanwhile was let in all the same.
    if (!isOpened) this.#ended(connection, ABNORMAL, 'Connection closed abnormally');
  }

  /** Resolves when no message and no `$disconnect` is being handled. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Breaks all connections; nobody is told of their ends any more. */
  stop(): void {
    this.#isStopped = true;
    for (const connection of this.#connections.values()) connection.terminate();
    this.#server.close();
  }

  #welcome(request: IncomingMessage): Connection {
    const { apiId, stage, domainName, clock, limits } = this.#options;
    const source = {
      ...{ apiId, stage, domainName: domainName(), connectionId: gatewayId(), connectedAt: clock.now() },
      ...{ sourceIp: sourceIpOf(request), userAgent: request.headers['user-agent'] },
    };
    return new Connection(source, clock, limits);
  }

  /** Asks `$connect`; undefined where the connection is let in. */
  async #connect(connection: Connection, request: IncomingMessage, rawQuery: string): Promise<Refusal | undefined> {
    const { connect } = this.#routes;
    if (connect === undefined) return undefined;
    const { lambda, clock } = this.#options;
    const event = connectEvent(connection.source, { rawHeaders: request.rawHeaders, rawQuery }, clock.now());
    const { connectionId, requestId } = event.requestContext;
    const result = await integrate(lambda, connect.functionName, event);
    if (typeof result === 'string') {
      const status = result === 'Endpoint request timed out' ? 504 : 502;
      return { status, body: gatewayMessage(result, connectionId, requestId) };
    }
    const { statusCode, headers, body } = result;
    if (statusCode < 200 || statusCode > 299) return { status: statusCode, headers, body };
    const protocol = Object.entries(headers).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1];
    if (protocol !== undefined) this.#selected.set(request, protocol);
    return undefined;
  }

  async #message(connection: Connection, text: string): Promise<void> {
    const { lambda, clock, disorder } = this.#options;
    const { connectionId } = connection.source;
    const route = this.#routes.select(text);
    if (route === undefined) {
      connection.send(gatewayMessage('Forbidden', connectionId, gatewayId()));
      return;
    }
    const event = messageEvent(connection.source, route.routeKey, text, clock.now());
    await disorder.turn();
    const result = await integrate(lambda, route.functionName, event);
    await disorder.turn();
    if (!connection.isOpen) return;
    // A fault is told whether or not the route has a response.
    if (typeof result === 'string') {
      connection.send(gatewayMessage(result, connectionId, event.requestContext.requestId));
    } else if (route.routeResponse === true && result.body !== undefined) connection.send(result.body);
  }

  #ended(connection: Connection, status: number, reason: string): void {
    this.#connections.delete(connection.source.connectionId);
    const { disorder, clock } = this.#options;
    if (this.#isStopped || this.#routes.disconnect === undefined || disorder.happens('lostDisconnects')) return;
    const tell = (): void => this.#keep(this.#disconnect(connection, status, reason));
    if (disorder.happens('lateDisconnects')) clock.after(disorder.lateness(), tell);
    else tell();
  }

  async #disconnect(connection: Connection, status: number, reason: string): Promise<void> {
    const { lambda, clock, disorder } = this.#options;
    const { functionName } = this.#routes.disconnect as Route;
    await disorder.turn();
    // What it answers is not told to anyone.
    await integrate(lambda, functionName, disconnectEvent(connection.source, status, reason, clock.now()));
  }

  #keep(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}
