import { setImmediate } from 'node:timers/promises';

/** What a batch may hold. */
export interface BatchBounds {
  readonly items: number;
  readonly bytes: number;
}

/**
 * Cuts a stream into batches without ever waiting for one to fill: a batch is what has come in while the one before was
 * under way. So a file goes in full batches and a slow pipe goes out at once. It reads ahead by one batch at most.
 */
export async function* inBatches<T>(
  source: AsyncIterable<T>,
  sizeOf: (item: T) => number,
  bounds: BatchBounds,
): AsyncGenerator<readonly T[], void, void> {
  const waiting: T[] = [];
  let bytes = 0;
  let ended = false;
  let abandoned = false;
  let failure: { readonly error: unknown } | undefined;
  let wakeReader: (() => void) | undefined;
  let wakeTaker: (() => void) | undefined;

  const full = (): boolean => waiting.length >= bounds.items || bytes >= bounds.bytes;

  const read = async (): Promise<void> => {
    try {
      for await (const item of source) {
        waiting.push(item);
        bytes += sizeOf(item);
        wakeTaker?.();
        while (full() && !abandoned) {
          await new Promise<void>((resolve) => {
            wakeReader = resolve;
          });
        }
        if (abandoned) return;
      }
    } catch (error) {
      failure = { error };
    } finally {
      ended = true;
      wakeTaker?.();
    }
  };

  const take = (): T[] => {
    const batch: T[] = [];
    let size = 0;
    for (const item of waiting) {
      const next = sizeOf(item);
      if (batch.length > 0 && (batch.length === bounds.items || size + next > bounds.bytes)) break;
      batch.push(item);
      size += next;
    }
    waiting.splice(0, batch.length);
    bytes -= size;
    wakeReader?.();
    return batch;
  };

  const reading = read();
  try {
    for (;;) {
      // Lets the reader take in all that has arrived already, so that the first batch of a file is a full one.
      await setImmediate();
      if (waiting.length > 0) yield take();
      else if (ended) break;
      else {
        await new Promise<void>((resolve) => {
          wakeTaker = resolve;
        });
      }
    }
    if (failure) throw failure.error;
    await reading;
  } finally {
    abandoned = true;
    wakeReader?.();
  }
}
