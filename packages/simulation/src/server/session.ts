import type { Awaitable, ConnectionRecord, Engine, Outcome, Ports } from '@aideals/core';
import { Exchanges } from './exchanges.js';
import { LongWork } from './long-work.js';
import type { Outbox } from './outbox.js';

export interface SessionOptions {
  readonly engine: () => Engine;
  readonly ports: Ports;
  readonly outbox: Outbox;
  readonly later: (run: () => void) => void;
  readonly track: () => () => void;
  /** A record as it comes back from where it slept. */
  readonly slept: (record: ConnectionRecord) => ConnectionRecord;
  readonly failed: (error: unknown) => void;
}

/** One socket of the server: its frames become exchanges, and their outcomes are applied in order. */
export class Session {
  readonly #options: SessionOptions;
  readonly #exchanges: Exchanges;
  readonly #longWork: LongWork;
  #record: ConnectionRecord;
  #ended = false;

  constructor(record: ConnectionRecord, options: SessionOptions) {
    this.#record = record;
    this.#options = options;
    const { engine, ports, outbox, later, track } = options;
    const failed = (error: unknown): void => {
      if (this.#ended) return;
      options.failed(error);
      outbox.close({ code: 1011 });
    };
    this.#exchanges = new Exchanges({
      start: (text) => this.#serve(text),
      pipelined: (text) => engine().pipelined(text),
      apply: (outcome) => this.apply(outcome),
      failed,
      track,
    });
    this.#longWork = new LongWork({
      outbox,
      later,
      track,
      resume: (continuation) => engine().resume(this.#record, continuation),
      applyRecord: (outcome) => this.#applyRecord(outcome),
      applyPush: ({ to, frame }) => ports.gateway.send(to, frame),
      applyRest: (outcome) => this.#applyRest(outcome),
      failed,
    });
  }

  start(): void {
    this.#exchanges.run(() => this.#options.engine().opened(this.#record));
  }

  frame(text: string): void {
    if (!this.#ended) this.#exchanges.frame(text);
  }

  /** Applies an outcome: record, reply, pushes, next, close. */
  async apply(outcome: Outcome): Promise<void> {
    const { gateway } = this.#options.ports;
    await this.#applyRecord(outcome);
    if (this.#ended) return;
    const { connectionId } = this.#record;
    // The outbox takes a frame at once, whenever it tells.
    if (outcome.reply !== undefined) void gateway.send([connectionId], outcome.reply);
    for (const { to, frame } of outcome.pushes ?? []) void gateway.send(to, frame);
    this.#applyRest(outcome);
    this.#longWork.goOn();
  }

  /** One that changes what the connection is owed is served between two pages. */
  async #serve(text: string): Promise<Outcome> {
    const engine = this.#options.engine();
    if (!this.#longWork.isIdle && engine.betweenPages(text)) await this.#longWork.pause();
    return this.#options.engine().frame(this.#record, text, text.length);
  }

  /** Nothing is taken or given any more. */
  end(): void {
    this.#ended = true;
    this.#exchanges.stop();
    this.#longWork.stop();
  }

  #applyRecord({ record }: Outcome): Awaitable<void> {
    if (record === undefined) return;
    this.#record = { ...this.#record, ...record };
    if (record.expired !== undefined) this.#longWork.hold(record.expired);
    return this.#options.ports.directory.patch(this.#record.connectionId, record);
  }

  #applyRest({ served, next, close }: Outcome): void {
    if (served !== undefined) this.#options.ports.gateway.served(this.#record.connectionId, served);
    if (next !== undefined && !this.#ended) this.#longWork.add(next);
    if (close !== undefined) this.#options.outbox.close(close);
    this.#record = this.#options.slept(this.#record);
  }
}
