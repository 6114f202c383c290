/** What may be wrong with a history. */
export type Fault =
  /** Confirmed, or shown to others, and never come to one who was owed it. */
  | 'lost'
  /** Come twice, or stored twice. */
  | 'doubled'
  /** Come, or stored, in another order than it was made in. */
  | 'reordered'
  /** What was over came again, or a position went back. */
  | 'stale'
  /** Come to one who was not owed it, or never made, or refused. */
  | 'ghost'
  /** Something is missing behind a position that was said to be covered. */
  | 'unreported gap';

/** Collects what a checker finds; `found` is called with each. */
export type Report = (fault: Fault, detail: string) => void;
