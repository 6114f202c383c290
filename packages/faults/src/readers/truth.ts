import type { LoggedEvent } from './log-reader.js';

/** What the log holds, to be asked by id and by place. */
export class Truth {
  readonly events: readonly LoggedEvent[];
  readonly byId: ReadonlyMap<string, LoggedEvent>;

  constructor(events: readonly LoggedEvent[]) {
    this.events = events;
    this.byId = new Map(events.map((event) => [event.id, event]));
  }

  get end(): number {
    return this.events.at(-1)?.offset ?? 0;
  }

  /** The events past one offset and up to another. */
  between(after: number, until: number): readonly LoggedEvent[] {
    const first = this.events[0]?.offset ?? 1;
    return this.events.slice(Math.max(0, after + 1 - first), Math.max(0, until + 1 - first));
  }
}
