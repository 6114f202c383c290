/** Runs some work for each item, so many at a time; rejects with the first fault, when what had begun has ended. */
export const inParallel = async <T, U>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<U>,
): Promise<U[]> => {
  const results: U[] = [];
  const faults: unknown[] = [];
  const rest = items.entries();
  const lane = async (): Promise<void> => {
    for (const [i, item] of rest) {
      try {
        results[i] = await work(item);
      } catch (error) {
        faults.push(error);
      }
      if (faults.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  if (faults.length > 0) throw faults[0];
  return results;
};
