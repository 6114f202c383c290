import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type ConnectionRecord, type Ids, SUBPROTOCOL } from '@aideals/core';
import { WebSocketServer } from 'ws';
import type { Door } from '../admission/door.js';
import type { Gatekeeper, Introduced } from '../admission/gatekeeper.js';
import { type Refusal, refusalOf, refuse } from '../refusal.js';
import { ConnectionSocket } from './connection-socket.js';
import { type Agreed, type Compression, PLAIN } from './encoding.js';
import { reject } from './reject.js';
import type { EngineHolder } from './session.js';

export interface UpgradeOptions {
  readonly engine: EngineHolder;
  readonly gatekeeper: Gatekeeper;
  readonly door: Door;
  readonly ids: Ids;
  readonly messageBytes: number;
  readonly fragments: number;
  /** Frames of so many bytes and more are compressed for clients that take it; undefined: none are. */
  readonly compressFrom: number | undefined;
  /** Seconds after which to come back, while no new connections are taken. */
  readonly closedFor: () => number | undefined;
  readonly accepted: (
    webSocket: ConnectionSocket,
    socket: Socket,
    record: ConnectionRecord,
    userAgent: string | undefined,
    agreed: Agreed,
  ) => void;
  readonly refused: (refusal: Refusal, ip: string) => void;
  readonly failed: (where: string, error: unknown) => void;
}

const KEY = /^[+/0-9A-Za-z]{22}==$/u;
/** How long a peer may take to answer a close frame. */
const CLOSE_MS = 5_000;

/** What is wrong with the request of a handshake (RFC 6455, section 4.2.1); undefined where nothing is. */
const malformed = ({ method, headers }: IncomingMessage): Refusal | undefined => {
  if (method !== 'GET') {
    return refuse(405, 'VALIDATION_ERROR', 'a WebSocket is opened with GET', { headers: { Allow: 'GET' } });
  }
  if (headers['sec-websocket-version']?.trim() !== '13') {
    const version = { 'Sec-WebSocket-Version': '13' };
    return refuse(426, 'VALIDATION_ERROR', 'must be 13', { path: 'Sec-WebSocket-Version', headers: version });
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    return refuse(400, 'VALIDATION_ERROR', 'must be 16 bytes in base64', { path: 'Sec-WebSocket-Key' });
  }
  return undefined;
};

export const closedRefusal = (seconds: number): Refusal =>
  refuse(503, 'CONNECTION_ERROR', 'the server takes no new connections; come back after the delay', {
    retryAfter: seconds,
  });

/** Another protocol is asked for, such as HTTP/2 in plain text: the request itself is not served. */
const isElse = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() !== 'websocket';

const CROWDED_SECONDS = 5;

const crowdedRefusal = (): Refusal =>
  refuse(503, 'CONNECTION_ERROR', 'too many connect at this moment; come back after the delay', {
    retryAfter: CROWDED_SECONDS,
  });

const MOST_WINDOW_BITS = 15;

/** The window of what the server sends, as the answer of the handshake grants it; undefined where nothing is compressed. */
const negotiatedWindow = (headers: readonly string[]): number | undefined => {
  const line = headers.find((header) => /^Sec-WebSocket-Extensions:.*permessage-deflate/iu.test(header));
  if (line === undefined) return undefined;
  const bits = /server_max_window_bits=(\d+)/u.exec(line)?.[1];
  return bits === undefined ? MOST_WINDOW_BITS : Number(bits);
};

/** Most connections agree on nothing: they share one object. */
const agreedOf = (compression: Compression | undefined, takesBatches: boolean): Agreed =>
  compression === undefined && !takesBatches ? PLAIN : { compression, takesBatches };

// Stays for the life of the socket: a write to a link that broke must not end the process.
function broken(this: Socket): void {
  this.destroy();
}

/** Not in the types of `ws`. */
const unlisted: object = { closeTimeout: CLOSE_MS };

/** Makes the listener of a server's `upgrade` event: lets clients in, or answers why not. */
export const upgradeListener = (options: UpgradeOptions) => {
  const { engine, gatekeeper, door, closedFor, compressFrom } = options;
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    WebSocket: ConnectionSocket,
    autoPong: false,
    // No context is kept between messages: one compressed frame serves all its receivers, and idle connections hold none.
    perMessageDeflate:
      compressFrom === undefined ? false : { serverNoContextTakeover: true, clientNoContextTakeover: true },
    maxPayload: options.messageBytes,
    maxFragments: options.fragments,
    ...unlisted,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const compressions = new WeakMap<IncomingMessage, Compression>();
  handshakes.on('headers', (headers, request) => {
    const windowBits = negotiatedWindow(headers);
    if (windowBits !== undefined && compressFrom !== undefined) {
      compressions.set(request, { from: compressFrom, windowBits });
    }
  });
  handshakes.on('wsClientError', (error: Error, socket) => {
    reject(socket, refuse(400, 'VALIDATION_ERROR', error.message));
  });

  const close = async (connectionId: string): Promise<void> => {
    await engine.current.closed(connectionId);
  };

  const letIn = async (
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    { introduction, takesBatches }: Extract<Introduced, { readonly ok: true }>,
    turnAway: (refusal: Refusal) => void,
  ): Promise<void> => {
    const connectionId = options.ids.next('connection');
    const opening = await engine.current.open({ connectionId, ...introduction });
    if (!opening.accepted) return turnAway(refusalOf(opening.status, opening.body, opening.retryAfter));
    const meanwhile = closedFor();
    if (meanwhile !== undefined) {
      await close(connectionId);
      return turnAway(closedRefusal(meanwhile));
    }
    let isOpen = false;
    handshakes.handleUpgrade(request, socket, head, (webSocket) => {
      isOpen = true;
      const agreed = agreedOf(compressions.get(request), takesBatches);
      options.accepted(webSocket, socket, opening.record, request.headers['user-agent'], agreed);
    });
    // The client left while its token was verified.
    if (!isOpen) await close(connectionId);
  };

  const upgrade = async (request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> => {
    const turnAway = (refusal: Refusal): void => {
      options.refused(refusal, gatekeeper.addressOf(request));
      reject(socket, refusal);
    };
    if (isElse(request)) {
      return turnAway(refuse(426, 'VALIDATION_ERROR', 'must be websocket, or absent', { path: 'Upgrade' }));
    }
    const introduced = gatekeeper.introduce(request);
    if (!introduced.ok) return turnAway(introduced.refusal);
    const wrong = malformed(request);
    if (wrong !== undefined) return turnAway(wrong);
    const before = closedFor();
    if (before !== undefined) return turnAway(closedRefusal(before));
    const passage = door.enter(() => socket.destroyed || socket.readableEnded);
    const outcome = typeof passage === 'string' ? passage : await passage;
    if (outcome === 'gone') return;
    if (outcome === 'crowded') return turnAway(crowdedRefusal());
    try {
      await letIn(request, socket, head, introduced, turnAway);
    } finally {
      door.leave();
    }
  };

  return (request: IncomingMessage, duplex: unknown, head: Buffer): void => {
    const socket = duplex as Socket;
    socket.on('error', broken);
    upgrade(request, socket, head).catch((error: unknown) => {
      options.failed('upgrade', error);
      reject(socket, refuse(500, 'INTERNAL_ERROR', 'something went wrong here'));
    });
  };
};
