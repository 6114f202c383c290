import type { Directory } from '@aideals/core';

export interface PlacesOptions {
  /** Connections that this process holds. */
  readonly held: () => number;
  /** Says how many places this one takes and asks for one more; resolves with how many all of them took before. */
  readonly ask: (taken: number) => Promise<number>;
  readonly tell: (taken: number) => void;
  /** How many there are. */
  readonly most: number;
}

/**
 * The places of a server that several processes share. Who asked for one has it until the connection is open, is refused, or
 * one to two rounds of `age` have passed: two that come in together do not both get the last one.
 */
export class Places {
  readonly #options: PlacesOptions;
  #fresh = 0;
  #aged = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** A directory whose connections these are. */
  over(directory: Directory): Directory {
    return {
      ...directory,
      count: () => this.#count(),
      open: (record, mark) => {
        this.#settle();
        return directory.open(record, mark);
      },
      close: (connectionId) => {
        const closed = directory.close(connectionId);
        this.#tell();
        return closed;
      },
    };
  }

  /** From time to time: forgets who asked long ago and did not come. */
  age(): void {
    this.#aged = this.#fresh;
    this.#fresh = 0;
    this.#tell();
  }

  get #taken(): number {
    return this.#options.held() + this.#fresh + this.#aged;
  }

  async #count(): Promise<number> {
    const { ask, most } = this.#options;
    const before = this.#taken;
    this.#fresh += 1;
    const all = await ask(before);
    if (all >= most) this.#settle();
    return all;
  }

  #settle(): void {
    if (this.#aged > 0) this.#aged -= 1;
    else if (this.#fresh > 0) this.#fresh -= 1;
  }

  #tell(): void {
    this.#options.tell(this.#taken);
  }
}
