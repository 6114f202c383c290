const REDRAW_MILLIS = 100;

/** What has been published so far. */
export interface Tally {
  published: number;
  delivered: number;
  /** Connections that matched, delivered or not. */
  matched: number;
  requests: number;
  badLines: number;
}

export const emptyTally = (): Tally => ({ published: 0, delivered: 0, matched: 0, requests: 0, badLines: 0 });

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const few = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const counted = (count: number, one: string, many: string): string =>
  `${whole.format(count)} ${count === 1 ? one : many}`;

const rate = (tally: Tally, millis: number): string => whole.format((tally.published * 1000) / Math.max(millis, 1));

/** `1,200 events · 400 a second · 2,400 delivered`. */
export const progressLine = (tally: Tally, millis: number): string => {
  const parts = [
    counted(tally.published, 'event', 'events'),
    `${rate(tally, millis)} a second`,
    `${whole.format(tally.delivered)} delivered`,
  ];
  if (tally.badLines > 0) parts.push(counted(tally.badLines, 'bad line', 'bad lines'));
  return parts.join(' · ');
};

/** The line at the end, with a full stop. */
export const summary = (tally: Tally, millis: number): string => {
  const sent = `Published ${counted(tally.published, 'event', 'events')} in ${counted(tally.requests, 'request', 'requests')}`;
  const time = `${few.format(millis / 1000)} s`;
  // A rate of a handful of events tells only how long the start took.
  const speed = tally.published >= 100 ? ` (${rate(tally, millis)} a second)` : '';
  const delivered = `delivered ${whole.format(tally.delivered)} of ${counted(tally.matched, 'match', 'matches')}`;
  const bad = tally.badLines === 0 ? '' : `; ${counted(tally.badLines, 'bad line', 'bad lines')}`;
  return `${sent} and ${time}${speed}; ${delivered}${bad}.`;
};

interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** One line on a terminal that is drawn over and over; nothing anywhere else. Other lines go above it. */
export const createProgress = (screen: Screen, now: () => number) => {
  const shown = screen.isTTY === true;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let line = '';
  const erase = (): void => {
    if (line !== '') screen.write('\r\u001b[K');
  };
  return {
    update(text: string): void {
      if (!shown || now() - drawnAt < REDRAW_MILLIS) return;
      drawnAt = now();
      // A line wider than the terminal would wrap, and then could not be drawn over. One without a size says 0.
      line = text.slice(0, (screen.columns || 80) - 1);
      screen.write(`\r\u001b[K${line}`);
    },
    /** A line of its own, which stays. */
    say(text: string): void {
      erase();
      screen.write(`${text}\n${line}`);
    },
    end(): void {
      erase();
      line = '';
    },
  };
};
