/** What belongs to the connection between two parties and is not passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'upgrade', 'keep-alive', 'transfer-encoding', 'te']);

/** Header fields as they came: names as they were written, in their order. */
export const pairsOf = (rawHeaders: readonly string[]): readonly (readonly [string, string])[] => {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!HOP_BY_HOP.has(name.toLowerCase())) pairs.push([name, rawHeaders[i + 1] as string]);
  }
  return pairs;
};

export interface Maps {
  /** The last value of each name. */
  readonly single: Record<string, string>;
  /** All values of each name. */
  readonly multi: Record<string, string[]>;
}

/** Fields by name. Names that JavaScript’s objects have by birth are names like others. */
export const mapsOf = (pairs: Iterable<readonly [string, string]>): Maps => {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return {
    single: Object.fromEntries([...values].map(([name, all]) => [name, all.at(-1) as string])),
    multi: Object.fromEntries(values),
  };
};
