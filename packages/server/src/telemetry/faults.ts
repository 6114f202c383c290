import type { Logger } from './log.js';

export interface FaultLogOptions {
  readonly log: Logger;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
}

const ANEW_MS = 1_000;
/** Kinds of faults that are told apart; there are some dozens of places, and few errors in each. */
const MOST_KINDS = 1_000;

/**
 * Faults for the log: the first of its kind in a second in full, with its stack, and the others in a line with their ids.
 * What the server needs may be away, and then every request meets the same fault.
 */
export class FaultLog {
  readonly #options: FaultLogOptions;
  readonly #told = new Map<string, number>();

  constructor(options: FaultLogOptions) {
    this.#options = options;
  }

  /** `errorId` is what the client was told. */
  tell(where: string, error: unknown, errorId?: string): void {
    const { log, now } = this.#options;
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    const kind = `${where} ${name}`;
    const at = now();
    const last = this.#told.get(kind);
    const known = errorId === undefined ? { where } : { errorId, where };
    if (last !== undefined && at - last < ANEW_MS) {
      log.error({ ...known, reason: message }, 'the same fault');
      return;
    }
    if (this.#told.size >= MOST_KINDS) this.#told.clear();
    this.#told.set(kind, at);
    log.error({ ...known, err: error }, 'a fault');
  }
}
