/** How many of these times lie in the busiest stretch of this length. */
export const busiest = (times: readonly number[], lengthMs: number): number => {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [i, time] of sorted.entries()) {
    while (time - (sorted[first] as number) > lengthMs) first += 1;
    most = Math.max(most, i - first + 1);
  }
  return most;
};

/** How many lie in each stretch of this length, from the first one on. */
export const histogram = (times: readonly number[], lengthMs: number): number[] => {
  const first = Math.min(...times);
  const bars: number[] = [];
  for (const time of times) {
    const bar = Math.floor((time - first) / lengthMs);
    bars[bar] = (bars[bar] ?? 0) + 1;
  }
  return Array.from(bars, (bar) => bar ?? 0);
};
