import type { FaultServer } from '../served/server.js';

/** One life of the server, from its start to its kill. */
export class Life {
  readonly #server: FaultServer;
  readonly #confirmations: number;
  #seen = 0;
  #isArmed = false;
  #isOver = false;

  /** It ends with so many confirmations; never, where that is not finite. */
  constructor(server: FaultServer, confirmations: number) {
    this.#server = server;
    this.#confirmations = confirmations;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** From here on confirmations count. */
  arm(): void {
    this.#isArmed = true;
  }

  /** Someone was told that something is stored. The kill comes within the same turn, while all else is under way. */
  confirmed(): void {
    if (!this.#isArmed || this.#isOver) return;
    this.#seen += 1;
    if (this.#seen >= this.#confirmations) this.end();
  }

  end(): void {
    this.#isOver = true;
    this.#server.signal('SIGKILL');
  }

  /** No more is begun; the server lives on. */
  rest(): void {
    this.#isOver = true;
  }
}
