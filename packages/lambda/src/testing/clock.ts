/** A clock that a test moves by hand. */
export const manualClockAt = (start: number) => {
  let now = start;
  return {
    now: () => now,
    advance(ms: number): void {
      now += ms;
    },
  };
};

/** Ids that sort as they were made. */
export const countedIds = () => {
  let made = 0;
  return {
    next(): string {
      made += 1;
      return String(made).padStart(6, '0');
    },
  };
};
