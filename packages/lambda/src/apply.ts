import {
  type ConnectionRecord,
  type Continuation,
  type Directory,
  type Engine,
  joined,
  type Outcome,
} from '@aideals/core';
import type { ProxyResult } from './event.js';
import { answerOutcome, type Post } from './outcome.js';

export interface ApplyOptions {
  readonly engine: Pick<Engine, 'resume'>;
  /** Where connections’ records are kept. */
  readonly records: Pick<Directory, 'patch'>;
  /** Sends a frame to a connection; false where it is gone. */
  readonly post: (connectionId: string, text: string) => Promise<boolean>;
  /** Closes a connection, after telling it why; one that is gone already is no error. */
  readonly close: (connectionId: string, notice: NonNullable<Outcome['close']>) => Promise<void>;
  /** Whether there is time for another page in this invocation. */
  readonly hasTime: () => boolean;
  /** Lets another invocation go on with the pages; false where none can be started. */
  readonly goOnLater: (connectionId: string, next: readonly Continuation[]) => Promise<boolean>;
}

/** An outcome of which the record is written, and the reply posted where it cannot be the result’s body. */
export interface Begun {
  readonly result: ProxyResult;
  /** Does the rest: pushes, pages, close. To be awaited before the result is returned. False where the connection is gone. */
  finish(): Promise<boolean>;
}

/** Two outcomes of one connection as one: what the second has comes behind what the first has. */
export const together = (first: Outcome, second: Outcome): Outcome => {
  const close = first.close ?? second.close;
  const record = first.record ?? second.record;
  return {
    ...(record === undefined ? {} : { record: { ...second.record, ...first.record } }),
    ...(first.reply === undefined ? {} : { reply: first.reply }),
    pushes: [...(first.pushes ?? []), ...(second.pushes ?? [])],
    next: joined(first.next ?? [], second.next ?? []),
    ...(close === undefined ? {} : { close }),
  };
};

/** Applies outcomes in the order that they ask for: record, reply, pushes, pages, close. */
export const createApply = (options: ApplyOptions) => {
  const { engine, records, post, close, hasTime, goOnLater } = options;

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

  /** Nothing is sent on an expired token: its refresh begins the pages anew. False where the connection is gone. */
  const pages = async (record: ConnectionRecord, next: readonly Continuation[]): Promise<boolean> => {
    const { connectionId } = record;
    let rest = [...next];
    while (rest.length > 0 && record.expired !== true) {
      if (!hasTime() && (await goOnLater(connectionId, rest))) return true;
      const outcome = await engine.resume(record, rest[0] as Continuation);
      if (!(await postAll(connectionId, answerOutcome(connectionId, outcome).posts))) return false;
      rest = [...(outcome.next ?? []), ...rest.slice(1)];
      if (outcome.close !== undefined) {
        await close(connectionId, outcome.close);
        return true;
      }
    }
    return true;
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
        if (!isHere || !(await postAll(connectionId, posts.slice(replies)))) return false;
        if (!(await pages({ ...before, ...patch }, next))) return false;
        if (notice !== undefined) await close(connectionId, notice);
        return true;
      },
    };
  };

  return { begin, pages };
};

export type Apply = ReturnType<typeof createApply>;
