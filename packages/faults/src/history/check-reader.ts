import { type History, type Interest, isOf, type Reader, type Stretch } from './history.js';
import { isBefore, type Logs, type Place } from './logs.js';
import type { Report } from './verdict.js';

/** An event that is known to be, or to have been, in a log. */
interface Known {
  readonly id: string;
  readonly place: Place;
}

/** For each kind of subscription what it is owed, in order. */
export class Owed {
  readonly #history: History;
  readonly #logs: Logs;
  readonly #byInterest = new Map<string, readonly Known[]>();

  constructor(history: History, logs: Logs) {
    this.#history = history;
    this.#logs = logs;
  }

  to(interest: Interest): readonly Known[] {
    const key = JSON.stringify([interest.topic, interest.shops]);
    const known = this.#byInterest.get(key) ?? this.#gather(interest);
    this.#byInterest.set(key, known);
    return known;
  }

  #gather(interest: Interest): readonly Known[] {
    const ids = new Set<string>();
    for (const [id, event] of this.#history.events) if (isOf(interest, event)) ids.add(id);
    for (const publication of this.#history.publications) {
      if (publication.id !== undefined && isOf(interest, publication)) ids.add(publication.id);
    }
    const all = [...ids].map((id) => ({ id, place: this.#logs.placeOf(id) }));
    return all.sort((a, b) => a.place.log - b.place.log || a.place.offset - b.place.offset);
  }
}

/** The first index whose event does not lie at or before a place. */
const past = (known: readonly Known[], place: Place): number => {
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(place, (known[middle] as Known).place)) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** Follows one subscription through its connections. */
class Walk {
  readonly #reader: Reader;
  readonly #logs: Logs;
  readonly #known: readonly Known[];
  readonly #report: Report;
  /** It has, or was told that it has not, everything up to here. */
  #reach: Place | undefined;
  #last = 'the beginning';

  constructor(reader: Reader, logs: Logs, known: readonly Known[], report: Report) {
    this.#reader = reader;
    this.#logs = logs;
    this.#known = known;
    this.#report = report;
  }

  stretch(stretch: Stretch): void {
    const { asked, after, lost } = stretch;
    const promised = this.#logs.placeOf(after);
    if (asked === undefined || lost !== undefined || this.#reach === undefined) {
      this.#reach = promised;
    } else {
      const from = this.#logs.placeOf(asked);
      if (after !== asked)
        this.#say('unreported gap', `asked from ${asked}, and was promised what comes after ${after}`);
      // A cursor may have moved by a pong: behind it lies nothing that did not come.
      this.#missing(from, true, asked);
      if (isBefore(this.#reach, from)) this.#reach = from;
    }
    this.#last = after;
    this.#receive(stretch);
  }

  end(id: string): void {
    const end = this.#logs.placeOf(id);
    if (this.#reach === undefined) {
      this.#say('lost', 'was never subscribed');
      return;
    }
    this.#missing(end, true, id);
  }

  #receive({ ids }: Stretch): void {
    const seen = new Set<string>();
    for (const id of ids) {
      const place = this.#logs.placeOf(id);
      const reach = this.#reach as Place;
      if (seen.has(id)) this.#say('doubled', `got ${id} twice on one connection`);
      else if (isBefore(reach, place)) {
        this.#missing(place, false, id);
        this.#reach = place;
      } else if (seen.size > 0) this.#say('reordered', `got ${id} after ${this.#last}`);
      else this.#say('doubled', `got ${id} again, which lies behind ${this.#last}`);
      seen.add(id);
      this.#last = id;
    }
  }

  /** What is owed between the reach and a place, which it has come to without. */
  #missing(until: Place, isInclusive: boolean, id: string): void {
    const reach = this.#reach as Place;
    for (let i = past(this.#known, reach); i < this.#known.length; i += 1) {
      const { id: owed, place } = this.#known[i] as Known;
      if (isInclusive ? isBefore(until, place) : !isBefore(place, until)) break;
      // The rest of a log that went away is not lost, where that is told; here it was not.
      const fault = place.log < until.log ? 'unreported gap' : 'lost';
      this.#say(fault, `never got ${owed}, and has come from ${this.#last} to ${id}`);
    }
  }

  #say(fault: Parameters<Report>[0], detail: string): void {
    this.#report(fault, `${this.#reader.name}: ${detail}`);
  }
}

/** What each subscription got, against what it was owed from its first promise on, over all its connections. */
export const checkReaders = (history: History, logs: Logs, report: Report): void => {
  const owed = new Owed(history, logs);
  for (const reader of history.readers) {
    const walk = new Walk(reader, logs, owed.to(reader.interest), report);
    for (const stretch of reader.stretches) {
      for (const id of new Set(stretch.ids)) {
        const event = history.events.get(id);
        if (event === undefined || !isOf(reader.interest, event)) {
          report('ghost', `${reader.name}: got ${id} (${event?.tag}), which it did not ask for`);
        }
      }
      walk.stretch(stretch);
    }
    if (history.end !== undefined) walk.end(history.end);
  }
};
