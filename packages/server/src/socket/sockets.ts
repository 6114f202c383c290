import type { Socket } from 'node:net';
import type { ConnectionRecord } from '@aideals/core';
import type { ConnectionSocket } from './connection-socket.js';
import type { Agreed } from './encoding.js';
import { Session, type SessionSettings } from './session.js';

/** All open connections of a server. */
export class Sockets {
  readonly #sessions = new Map<string, Session>();
  readonly #settings: SessionSettings;
  #empty: (() => void)[] = [];

  constructor(
    settings: Omit<SessionSettings, 'closed'> & { readonly closed: (connectionId: string, code: number) => void },
  ) {
    this.#settings = {
      ...settings,
      closed: (session, code) => {
        this.#sessions.delete(session.connectionId);
        settings.closed(session.connectionId, code);
        if (this.#sessions.size === 0) this.#tellEmpty();
      },
    };
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(connectionId: string): Session | undefined {
    return this.#sessions.get(connectionId);
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values();
  }

  /** Right after 101. */
  add(
    webSocket: ConnectionSocket,
    socket: Socket,
    record: ConnectionRecord,
    userAgent: string | undefined,
    agreed: Agreed,
  ): void {
    const session = new Session(this.#settings, webSocket, socket, record, userAgent, agreed);
    this.#sessions.set(session.connectionId, session);
    session.start();
  }

  /** Resolves when there is none. */
  whenEmpty(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }

  #tellEmpty(): void {
    const told = this.#empty;
    this.#empty = [];
    for (const tell of told) tell();
  }
}
