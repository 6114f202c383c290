import type { Socket } from 'node:net';
import type {
  Awaitable,
  ConnectionRecord,
  Continuation,
  Engine,
  Frame,
  Outcome,
  Push,
  RecordPatch,
} from '@aideals/core';
import type { CloseCodeNumber } from '@aideals/protocol';
import type { ConnectionSocket, SocketOwner } from './connection-socket.js';
import type { DirectWrite } from './direct-write.js';
import { type Agreed, encodePong } from './encoding.js';
import { Exchanges, type ExchangesHost } from './exchanges.js';
import type { SocketGateway } from './gateway.js';
import { queueKey } from './kernel-queue.js';
import { LongWork, type LongWorkHost } from './long-work.js';
import { Outbox, type OutboxSettings } from './outbox.js';
import type { Pages } from './pages.js';
import { type Liveness, Pulse } from './pulse.js';
import { SocketWire } from './wire.js';

/** The engine of the moment. In forgetful mode it is another one after each exchange. */
export interface EngineHolder {
  readonly current: Engine;
  /** An exchange is over. Gives the record back as a store would. */
  exchanged(record: ConnectionRecord): ConnectionRecord;
}

/** What all sessions of a server share. */
export interface SessionSettings {
  readonly engine: EngineHolder;
  readonly gateway: SocketGateway;
  readonly outbox: OutboxSettings;
  /** Undefined where writes go through Node's streams. */
  readonly directWrite: DirectWrite | undefined;
  readonly pages: Pages;
  readonly liveness: Liveness;
  /** Frames of one connection that may wait before it is not read. */
  readonly frameQueue: number;
  readonly patch: (connectionId: string, patch: RecordPatch) => void;
  /** A fault of the server; the connection is closed with 1011. */
  readonly failed: (where: string, error: unknown) => void;
  /** The socket is gone. `code` is the one that it was closed with. */
  readonly closed: (session: Session, code: number) => void;
}

/** How long what is under way may keep a connection that is to be closed. */
const LINGER_MS = 5_000;

const MOST_USER_AGENT = 256;

/**
 * One socket: its frames become exchanges, and their outcomes are applied in order. Its parts call it by methods: functions
 * that are made for each connection would be a good part of the memory of an idle one.
 */
export class Session implements SocketOwner, ExchangesHost, LongWorkHost {
  readonly connectionId: string;
  readonly userAgent: string | undefined;
  readonly outbox: Outbox;
  readonly #socket: Socket;
  readonly #webSocket: ConnectionSocket;
  readonly #settings: SessionSettings;
  readonly #exchanges: Exchanges;
  /** There as soon as there is some. */
  #longWork: LongWork | undefined;
  readonly #pulse: Pulse;
  #record: ConnectionRecord;
  #isAccepting = true;
  #isDeregistered = false;
  #code: CloseCodeNumber | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(
    settings: SessionSettings,
    webSocket: ConnectionSocket,
    socket: Socket,
    record: ConnectionRecord,
    userAgent: string | undefined,
    agreed: Agreed,
  ) {
    this.connectionId = record.connectionId;
    this.userAgent = userAgent?.slice(0, MOST_USER_AGENT);
    this.#settings = settings;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#record = record;
    this.outbox = new Outbox(new SocketWire(webSocket, socket, settings.directWrite), settings.outbox, agreed);
    this.outbox.onClosing = (code) => this.#closing(code);
    this.#pulse = new Pulse(socket, this.outbox, settings.liveness);
    this.#exchanges = new Exchanges(this, settings.frameQueue);
    webSocket.lead(this);
    settings.gateway.add(this.connectionId, this.outbox);
  }

  /** Right after 101. Frames that come meanwhile wait. */
  start(): void {
    this.#exchanges.run(() => this.#settings.engine.current.opened(this.#record));
  }

  /** Applies an outcome: record, reply, pushes, next, close. */
  apply(outcome: Outcome): void {
    this.applyRecord(outcome);
    if (outcome.reply !== undefined) this.push(outcome.reply);
    if (outcome.pushes !== undefined) {
      for (const push of outcome.pushes) this.applyPush(push);
    }
    if (outcome.next !== undefined && this.#isAccepting) this.#beginLongWork().add(outcome.next);
    this.applyRest(outcome);
    this.#longWork?.goOn();
  }

  /** One that changes what the connection is owed is served between two pages of what it is sent. */
  serve(text: string, bytes: number): Awaitable<Outcome> {
    const { current } = this.#settings.engine;
    const longWork = this.#longWork;
    if (longWork === undefined || longWork.isIdle || !current.betweenPages(text)) {
      return current.frame(this.#record, text, bytes);
    }
    const serve = (): Awaitable<Outcome> => this.#settings.engine.current.frame(this.#record, text, bytes);
    const paused = longWork.pause();
    return paused instanceof Promise ? paused.then(serve) : serve();
  }

  isPipelined(text: string): boolean {
    return this.#settings.engine.current.pipelined(text);
  }

  setReading(isReading: boolean): void {
    if (isReading) this.#webSocket.resume();
    else this.#webSocket.pause();
  }

  resume(continuation: Continuation): Awaitable<Outcome> {
    return this.#settings.engine.current.resume(this.#record, continuation);
  }

  applyRecord({ record }: Outcome): void {
    if (record === undefined) return;
    this.#record = { ...this.#record, ...record };
    if (record.expired !== undefined) this.#longWork?.hold(record.expired);
    this.#settings.patch(this.connectionId, record);
  }

  applyPush({ to, frame }: Push): void {
    void this.#settings.gateway.send(to, frame);
  }

  applyRest({ served, close }: Outcome): void {
    if (served !== undefined) this.#settings.gateway.served(this.connectionId, served);
    if (close !== undefined) this.outbox.close(close.code);
    this.#record = this.#settings.engine.exchanged(this.#record);
  }

  failed(where: string, error: unknown): void {
    this.#settings.failed(where, error);
    this.outbox.close(1011);
  }

  message(data: Buffer, isBinary: boolean): void {
    if (!this.#isAccepting) return;
    this.#pulse.active();
    if (isBinary) this.#end(1003, LINGER_MS);
    else this.#exchanges.frame(data.toString(), data.length);
  }

  pinged(payload: Uint8Array): void {
    this.#pulse.active();
    this.outbox.control(encodePong(payload));
  }

  faulty(code: CloseCodeNumber): void {
    this.#end(code, LINGER_MS);
  }

  peerCloses(): void {
    this.outbox.flushAll();
  }

  closed(code: number): void {
    this.outbox.end();
    this.#deregister();
    this.#settings.closed(this, this.#code ?? code);
  }

  push(frame: Frame): void {
    if (this.outbox.push(frame)) this.#settings.outbox.flusher.soon(this.outbox);
  }

  /** Names the socket in the tables of the system. */
  get queueKey(): string | undefined {
    return queueKey(this.#socket);
  }

  /** Whether its peer keeps up with what it is sent. */
  get hasRoom(): boolean {
    return this.outbox.hasRoom;
  }

  /** How long no message went either way. */
  idleMs(): number {
    return this.#pulse.idleMs(this.#settings.liveness.now());
  }

  /** Looks after the connection; `now` is monotonic, in milliseconds. True where its peer may be gone or not reading. */
  check(now: number): boolean {
    if (this.#webSocket.isPaused) this.#pulse.heard(now);
    const state = this.#pulse.check(now);
    if (state === 'idle') this.#end(4009, LINGER_MS);
    return state === 'suspect';
  }

  /** A look at the bytes that the peer has not acknowledged; undefined where the system does not tell. */
  probe(now: number, unacknowledged: number | undefined): void {
    const state = this.#pulse.probe(now, unacknowledged);
    if (state === 'stalled') this.outbox.giveUp(4008);
    else if (state === 'gone') this.#webSocket.terminate();
  }

  /** Reads no more, ends what is under way within the bound, sends what waits, and closes with 1012. */
  drain(boundMs: number): void {
    if (this.#isAccepting) this.#webSocket.pause();
    this.#end(1012, boundMs);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  /** Closes when the exchanges that came before are answered, or when the bound has passed. */
  #end(code: CloseCodeNumber, boundMs: number): void {
    if (!this.#isAccepting) return;
    this.#isAccepting = false;
    this.#longWork?.stop();
    this.#linger = setTimeout(() => this.outbox.close(code), boundMs);
    this.#linger.unref();
    this.#exchanges.whenIdle(() => this.outbox.close(code));
  }

  /** No more frames are taken: for the core the connection is gone, while what is queued still leaves. */
  #closing(code: CloseCodeNumber | undefined): void {
    this.#code = code;
    this.#isAccepting = false;
    this.#longWork?.stop();
    this.#exchanges.stop();
    clearTimeout(this.#linger);
    this.#settings.gateway.remove(this.connectionId);
    this.#deregister();
    // A drain paused it: the answer to the close frame must be read.
    this.#webSocket.resume();
  }

  #beginLongWork(): LongWork {
    this.#longWork ??= new LongWork(this, this.#settings.pages, this.#record.expired === true);
    return this.#longWork;
  }

  #deregister(): void {
    if (this.#isDeregistered) return;
    this.#isDeregistered = true;
    const failed = (error: unknown): void => this.#settings.failed('closed', error);
    try {
      const closed: Awaitable<void> = this.#settings.engine.current.closed(this.connectionId);
      if (closed instanceof Promise) closed.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
