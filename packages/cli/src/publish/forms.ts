import { calls, defaultLimits } from '@aideals/protocol';
import { inParts } from './parts.js';
import type { Receipt } from './sender.js';

/** How events are put into one request, and what its answer says. */
export interface Form {
  readonly contentType: string;
  readonly bodyOf: (events: readonly string[]) => string;
  /** Undefined where the answer is not that of an aideals server. */
  readonly receiptOf: (answer: unknown) => Receipt | undefined;
}

const countsOf = (value: unknown): { delivered: number; total: number } | undefined => {
  const { delivered, total } = (value ?? {}) as { delivered?: unknown; total?: unknown };
  return typeof delivered === 'number' && typeof total === 'number' ? { delivered, total } : undefined;
};

/** A line for each: published as they are read, in any number. */
export const asLines: Form = {
  contentType: 'application/x-ndjson',
  bodyOf: (events) => events.join('\n'),
  receiptOf: (answer) => {
    const counts = countsOf(answer);
    const { published } = (answer ?? {}) as { published?: unknown };
    return counts === undefined || typeof published !== 'number' ? undefined : { published, ...counts };
  },
};

/** A list, which is taken as a whole: for functions, which are handed no streams. */
export const asList: Form = {
  contentType: 'application/json',
  bodyOf: (events) => `[${events.join(',')}]`,
  receiptOf: (answer) => {
    if (!Array.isArray(answer)) return undefined;
    let [delivered, total] = [0, 0];
    for (const each of answer) {
      const counts = countsOf(each);
      if (counts === undefined) return undefined;
      delivered += counts.delivered;
      total += counts.total;
    }
    return { published: answer.length, delivered, total };
  },
};

/** Lists as long as one may be. */
export const inLists = (events: readonly string[]): readonly (readonly string[])[] =>
  inParts(events, calls.broadcast.many, defaultLimits.bodyBytes);
