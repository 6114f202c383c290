import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../link.js';

const servers = new Set<Server>();
const sockets = new Set<Socket>();

/** A server that says its name, if it has one, then sends back what it gets, and ends when the other does. */
export const echo = async (greeting = ''): Promise<Address & { server: Server }> => {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    socket.pipe(socket);
  });
  servers.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, server };
};

/** A connection, and what came on it so far. */
export interface Caller {
  readonly socket: Socket;
  readonly text: () => string;
  /** Resolves when so much text has come. */
  received(text: string): Promise<void>;
  /** Resolves with `end` or an error code when it is over. */
  readonly over: Promise<string>;
}

export const call = async ({ host, port }: Address): Promise<Caller> => {
  const socket = connect({ host, port, allowHalfOpen: true });
  sockets.add(socket);
  let text = '';
  let failed = 'end';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    socket.emit('came');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failed = error.code ?? error.message;
  });
  const over = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(failed));
    socket.once('end', () => socket.end());
  });
  await new Promise<void>((resolve) => {
    socket.once('connect', () => resolve());
    socket.once('close', () => resolve());
  });
  const received = async (wanted: string): Promise<void> => {
    while (text !== wanted) await once(socket, 'came');
  };
  return { socket, text: () => text, received, over };
};

export const hangUp = async (): Promise<void> => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  servers.clear();
};
