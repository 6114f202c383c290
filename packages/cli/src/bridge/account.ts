import type { IntakeSummary } from '@aideals/bus';
import { harmless } from '../terminal-text.js';
import { messageOf } from '../user-error.js';

const NOTHING = { published: 0, repeated: 0, refused: 0, lost: 0 };

/** A failure that lasts is told this often. */
const TOLD_MILLIS = 60_000;

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** Counts what became of what was heard, and says it in lines that hold nothing of what was published. */
export class Account {
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  #counts = { ...NOTHING };
  #refusal = '';
  #loss = '';
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(say: (line: string) => void, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  /** By this bridge, or `repeated` by it, when another had been before. */
  published(repeated: boolean): void {
    this.#counts[repeated ? 'repeated' : 'published'] += 1;
    this.#toldAt = Number.NEGATIVE_INFINITY;
  }

  /** By the deployment, which would do so again. The first is told at once. */
  refused(reason: string): void {
    this.#counts.refused += 1;
    if (this.#refusal === '') this.#say(`refused: ${harmless(reason)}`);
    this.#refusal = reason;
  }

  /** Given up. */
  lost(reason: string): void {
    this.#counts.lost += 1;
    if (this.#loss === '') this.#say(`given up: ${harmless(reason)}`);
    this.#loss = reason;
  }

  /** Not taken now, and tried again. */
  passing(reason: string): void {
    if (this.#now() - this.#toldAt < TOLD_MILLIS) return;
    this.#toldAt = this.#now();
    this.#say(`not taken, and tried again: ${harmless(reason)}`);
  }

  /** What was heard, and is no event, or came too late to be known. */
  heard({ broken, problem, late, lost, error }: IntakeSummary): void {
    if (broken > 0)
      this.#say(`${plural(broken, 'message')} on Redis not understood; the last one: ${harmless(problem ?? '')}`);
    if (late > 0)
      this.#say(`${plural(late, 'message')} given up: heard too long ago to know whether they were published`);
    if (lost > 0) this.#say(`${plural(lost, 'message')} given up: ${harmless(messageOf(error))}`);
  }

  /** Says what has happened since the last time; nothing where nothing has. */
  tell(waiting: number): void {
    const { published, repeated, refused, lost } = this.#counts;
    if (published + repeated + refused + lost + waiting === 0) return;
    const last = (reason: string): string => (reason === '' ? '' : ` (the last: ${harmless(reason)})`);
    this.#say(
      `published ${published}, already published ${repeated}, refused ${refused}${last(this.#refusal)}, given up ${lost}${last(this.#loss)}, waiting ${waiting}`,
    );
    this.#counts = { ...NOTHING };
    this.#refusal = '';
    this.#loss = '';
  }
}
