import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from '../chance.js';
import type { Findings } from '../findings.js';
import { HttpCaller } from '../wire/http.js';
import type { Host } from '../wire/peer.js';
import type { OpenPublication, Recorder } from './recorder.js';

export const TOPICS = ['new-deals', 'flash-deals'];
export const SHOPS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw', 'in', 'out'];

export interface PublisherOptions {
  readonly name: string;
  /** Between the end of one and the beginning of the next. */
  readonly everyMs: number;
  readonly recorder: Recorder;
  readonly findings: Findings;
  readonly chance: Chance;
}

const ANSWER_MS = 10_000;
const AGAIN_MS = 300;
const KEYED_PERCENT = 80;

/** What will be published, as it is written down before anybody is told. */
export const compose = ({ recorder, chance, name }: PublisherOptions, number: number): OpenPublication => {
  const event = { tag: `${name}:${number}`, topic: chance.pick(TOPICS), shop: chance.pick(SHOPS) };
  const publication: OpenPublication = {
    ...event,
    ...{ publisher: name, outcome: 'unknown', id: undefined, isRepeated: false },
  };
  recorder.publications.push(publication);
  return publication;
};

/** A backend: publishes over HTTP, one event after the other, and repeats under its key what was not confirmed. */
export class Backend {
  readonly counts = { confirmed: 0, unknown: 0, repeated: 0, unavailable: 0 };
  readonly #options: PublisherOptions;
  readonly #http: HttpCaller;
  #number = 0;
  #isOver = false;

  constructor(options: PublisherOptions, host: Host) {
    this.#options = options;
    this.#http = new HttpCaller(host, ANSWER_MS);
  }

  /** Until it is told to end; what is open then is repeated until it is confirmed. */
  async run(): Promise<void> {
    const { everyMs, chance } = this.#options;
    while (!this.#isOver) {
      await this.publish(chance.percent(KEYED_PERCENT));
      await pause(everyMs / 2 + chance.below(everyMs));
    }
  }

  end(): void {
    this.#isOver = true;
  }

  close(): void {
    this.#http.close();
  }

  /** Gives the id, where it was told one. */
  async publish(isKeyed: boolean): Promise<string | undefined> {
    this.#number += 1;
    const publication = compose(this.#options, this.#number);
    const { tag, topic, shop } = publication;
    const body = JSON.stringify({ topic, data: { tag, shop } });
    const call = { method: 'POST', path: '/v1/broadcast', body, ...(isKeyed ? { key: tag } : {}) };
    for (;;) {
      const answer = await this.#http.try(call);
      if (answer?.status === 200) {
        publication.outcome = 'confirmed';
        publication.id = (JSON.parse(answer.text) as { id: string }).id;
        this.counts.confirmed += 1;
        if (publication.isRepeated) this.counts.repeated += 1;
        return publication.id;
      }
      if (answer !== undefined && answer.status < 500) {
        publication.outcome = 'refused';
        this.#options.findings.broken(
          'a good publish is taken',
          `${tag}: ${answer.status} ${answer.text.slice(0, 200)}`,
        );
        return undefined;
      }
      if (answer !== undefined) this.counts.unavailable += 1;
      if (!isKeyed) {
        this.counts.unknown += 1;
        return undefined;
      }
      publication.isRepeated = true;
      await pause(AGAIN_MS + this.#options.chance.below(AGAIN_MS));
    }
  }
}
