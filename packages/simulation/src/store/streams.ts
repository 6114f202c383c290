import type { NewEvent, ReadOptions, StreamAppend, Streams } from '@aideals/core';
import { MemoryLog, memoryStreams } from '@aideals/core/memory';
import type { Calls } from './calls.js';
import type { Disk } from './disk.js';
import { Flusher } from './flusher.js';

type KeyOptions = { key: string; digest: string };

export type StreamsOp =
  | { readonly kind: 'open'; readonly segment: string }
  | { readonly kind: 'append'; readonly events: string; readonly options: KeyOptions | undefined }
  | { readonly kind: 'trim'; readonly options: { before: number; keep: number; limit: number } };

/** A disk was opened before anything else happened to it. */
const firstSegment = ({ commits: [first] }: Disk<StreamsOp>): string => {
  if (first?.op.kind !== 'open') throw new Error('the log begins without a segment');
  return first.op.segment;
};

export interface OpenedLog {
  readonly streams: Streams;
  /** The last offset that survived. */
  readonly end: number;
}

/** Opens the log that a disk holds: with it begins a segment, at the end of what survived. */
export const openStreams = (disk: Disk<StreamsOp>, calls: Calls, now: () => number, segment: string): OpenedLog => {
  // A segment is on the disk before anything is written into it.
  disk.flushed(disk.commit({ kind: 'open', segment }, now()));
  const log = new MemoryLog();
  let replayed: number | undefined;
  const streams = memoryStreams({
    clock: { now: () => replayed ?? now() },
    segment: () => firstSegment(disk),
    log,
  });
  for (const { op, clock } of disk.commits.slice(1)) {
    replayed = clock;
    if (op.kind === 'open') log.segments.open(op.segment, log.events.end + 1);
    else if (op.kind === 'append') streams.append(JSON.parse(op.events) as NewEvent[], op.options);
    else streams.trim(op.options);
  }
  replayed = undefined;

  const flusher = new Flusher('streams', disk as Disk<never>, calls);
  // Appends resolve in the order of their offsets, however long each takes.
  const answers: (() => void)[] = [];

  const ports: Streams = {
    append(events: readonly NewEvent[], options?: KeyOptions) {
      const fault = calls.strike('streams.append', true);
      const append = (): StreamAppend => {
        if (fault !== undefined) throw fault;
        const appended = streams.append(events, options);
        const op: StreamsOp = { kind: 'append', events: JSON.stringify(events), options };
        const upTo = appended.replayed ? disk.commits.length : disk.commit(op, now());
        return { ...appended, flushed: flusher.after(upTo) };
      };
      if (answers.length === 0 && calls.isAtOnce()) return append();
      return new Promise((resolve, reject) => {
        calls.later(() => {
          try {
            const appended = append();
            answers.push(() => resolve(appended));
          } catch (error) {
            answers.push(() => reject(error as Error));
          }
          calls.later(() => answers.shift()?.());
        });
      });
    },

    locate: (id: string) => calls.store('streams.locate', false, () => streams.locate(id)),
    read: (options: ReadOptions) => calls.store('streams.read', false, () => streams.read(options)),
    top: () => calls.store('streams.top', false, () => streams.top()),
    idOf: (offset: number) => streams.idOf(offset),

    trim: (options) =>
      calls.store('streams.trim', true, () => {
        const more = streams.trim(options);
        disk.commit({ kind: 'trim', options }, now());
        return more;
      }),
  };
  return { streams: ports, end: streams.top() };
};
