import type { Clock, CloseNotice, ConnectionRecord, Continuation, Directory, Engine, Outcome } from '@aideals/core';
import { closeNoticeFrame } from './close-notice.js';
import type { ProxyResult } from './event.js';
import { answerOutcome, type Post } from './outcome.js';

export interface ApplyOptions {
  readonly engine: Pick<Engine, 'resume'>;
  /** Where connections’ records are kept. */
  readonly records: Pick<Directory, 'patch'>;
  /** Sends a frame to a connection; false where it is gone. */
  readonly post: (connectionId: string, text: string) => Promise<boolean>;
  /** Closes a connection; one that is gone already is no error. */
  readonly disconnect: (connectionId: string) => Promise<void>;
  readonly clock: Clock;
}

/** An outcome of which the record is written, and the reply posted where it cannot be the result’s body. */
export interface Begun {
  readonly result: ProxyResult;
  /** Does the rest: pushes, pages, close. To be awaited before the result is returned. */
  finish(): Promise<void>;
}

/** Applies outcomes in the order that they ask for: record, reply, pushes, pages, close. */
export const createApply = ({ engine, records, post, disconnect, clock }: ApplyOptions) => {
  const close = async (connectionId: string, notice: CloseNotice): Promise<void> => {
    await post(connectionId, closeNoticeFrame(notice, clock.now()));
    await disconnect(connectionId);
  };

  /** One after another, so that they arrive in order; false where the connection itself is gone. */
  const postAll = async (own: string, posts: readonly Post[]): Promise<boolean> => {
    let isHere = true;
    for (const { connectionId, text } of posts) {
      if (connectionId === own && !isHere) continue;
      const isTaken = await post(connectionId, text);
      if (connectionId === own) isHere = isTaken;
    }
    return isHere;
  };

  const pagesOf = async (record: ConnectionRecord, next: readonly Continuation[]): Promise<void> => {
    const pages = [...next];
    for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
      const outcome = await engine.resume(record, page);
      if (!(await postAll(record.connectionId, answerOutcome(record.connectionId, outcome).posts))) return;
      pages.push(...(outcome.next ?? []));
    }
  };

  const begin = async (before: ConnectionRecord, outcome: Outcome): Promise<Begun> => {
    const { connectionId } = before;
    const { record: patch, next = [], close: notice } = outcome;
    if (patch !== undefined) await records.patch(connectionId, patch);
    const { result, posts } = answerOutcome(connectionId, outcome);
    const replies = outcome.reply !== undefined && result.body === undefined ? 1 : 0;
    const isHere = await postAll(connectionId, posts.slice(0, replies));
    return {
      result,
      async finish() {
        if (!isHere || !(await postAll(connectionId, posts.slice(replies)))) return;
        await pagesOf({ ...before, ...patch }, next);
        if (notice !== undefined) await close(connectionId, notice);
      },
    };
  };

  return { begin, close };
};
