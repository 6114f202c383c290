import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import type { HttpAnswer, HttpCaller } from '../wire/http.js';
import type { Book, Publication } from './book.js';
import type { Life } from './life.js';

/** What is to be published next: a path, a body, and its tags. */
export type Compose = (number: number) => Pick<Publication, 'path' | 'tags'> & { readonly body: unknown };

export interface PublisherOptions {
  readonly name: string;
  readonly compose: Compose;
  /** The ids in an answer. */
  readonly idsOf: (json: unknown) => readonly string[];
  readonly confirmed: (publication: Publication, ids: readonly string[]) => void;
  readonly book: Book;
  readonly findings: Findings;
  readonly chance: Chance;
}

const KEYED_PERCENT = 60;
const TWICE_PERCENT = 30;

/** Publishes one after the other, some under an Idempotency-Key. What was not answered is repeated where it has one. */
export class Publisher {
  readonly counts = { confirmed: 0, uncertain: 0, repeated: 0, wasThere: 0 };
  readonly #options: PublisherOptions;
  #open: Publication[] = [];
  #number = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Until the life ends. */
  async run(http: HttpCaller, life: Life): Promise<void> {
    if (!(await this.settle(http, life))) return;
    while (!life.isOver) if (!(await this.#attempt(http, life, this.#next()))) return;
  }

  /** Repeats what is open; false where the server is gone. */
  async settle(http: HttpCaller, life: Life): Promise<boolean> {
    for (const publication of [...this.#open]) {
      if (life.isOver || !(await this.#attempt(http, life, publication))) return false;
    }
    return true;
  }

  #next(): Publication {
    const { name, compose, chance, book } = this.#options;
    this.#number += 1;
    const { path, tags, body } = compose(this.#number);
    const publication: Publication = {
      path,
      tags,
      body: JSON.stringify(body),
      key: chance.percent(KEYED_PERCENT) ? `${name}-${this.#number}` : undefined,
      floor: book.told,
      attempts: 0,
      ids: undefined,
    };
    book.publications.push(publication);
    return publication;
  }

  async #attempt(http: HttpCaller, life: Life, publication: Publication): Promise<boolean> {
    const { path, body, key, attempts } = publication;
    const isRepeat = attempts > 0;
    publication.attempts += 1;
    if (isRepeat) for (const tag of publication.tags) this.#options.book.repeated.add(tag);
    const post = (): Promise<HttpAnswer | undefined> =>
      http.try({ method: 'POST', path, body, ...(key === undefined ? {} : { key }) });
    const twice = isRepeat && this.#options.chance.percent(TWICE_PERCENT);
    const answers = await Promise.all(twice ? [post(), post()] : [post()]);
    for (const answer of answers) if (answer !== undefined) this.#answered(publication, answer, isRepeat && !twice);
    this.#open = this.#open.filter((other) => other !== publication);
    if (publication.ids === undefined) {
      if (key === undefined) this.counts.uncertain += 1;
      else this.#open.push(publication);
      return false;
    }
    this.counts.confirmed += 1;
    if (isRepeat) this.counts.repeated += 1;
    life.confirmed();
    return true;
  }

  #answered(publication: Publication, answer: HttpAnswer, isLoneRepeat: boolean): void {
    const { findings, idsOf, confirmed } = this.#options;
    const what = publication.tags.join(' ');
    if (answer.status !== 200) {
      findings.broken('a good publish is answered 200', `${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
      return;
    }
    const ids = idsOf(JSON.parse(answer.text));
    const known = publication.ids;
    publication.ids = ids;
    findings.hold(
      known === undefined || known.join() === ids.join(),
      'repeats at once are answered with the same ids',
      () => `${what}: ${known?.join()} and ${ids.join()}`,
    );
    const isReplayed = answer.headers['idempotency-replayed'] === 'true';
    if (isLoneRepeat && isReplayed) this.counts.wasThere += 1;
    findings.hold(
      publication.attempts > 1 || !isReplayed,
      'only a repeat is answered with Idempotency-Replayed',
      () => what,
    );
    if (known === undefined) confirmed(publication, ids);
  }
}
