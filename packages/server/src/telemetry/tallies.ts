/** Past so many different labels the rest are counted together: labels may come from outside. */
const MOST = 200;

type Labels = Readonly<Record<string, string>>;

interface Tally {
  readonly labels: Labels;
  value: number;
}

const OTHER = 'other';

/**
 * A labelled count for paths that run for every frame: adding is one look into a map, and the metric's own counter is set
 * only when it is read.
 */
export class Tallies {
  readonly #tallies = new Map<string, Tally>();

  add(labels: Labels, n: number): void {
    let key = '';
    for (const name in labels) key += `${labels[name]}\n`;
    const tally = this.#tallies.get(key) ?? this.#begin(key, labels);
    tally.value += n;
  }

  *[Symbol.iterator](): Iterator<Tally> {
    yield* this.#tallies.values();
  }

  #begin(key: string, labels: Labels): Tally {
    const isFull = this.#tallies.size >= MOST;
    const kept = isFull ? Object.fromEntries(Object.keys(labels).map((name) => [name, OTHER])) : labels;
    const keptKey = isFull ? OTHER : key;
    const tally = this.#tallies.get(keptKey) ?? { labels: kept, value: 0 };
    this.#tallies.set(keptKey, tally);
    return tally;
  }
}
