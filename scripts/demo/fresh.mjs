import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const stamp = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

/** When the newest of some files and folders was changed, in Unix milliseconds. */
const newest = (paths) => {
  let latest = 0;
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const inside = stats.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : 0;
    latest = Math.max(latest, stats.mtimeMs, inside);
  }
  return latest;
};

/** Whether a file was made after all of its sources were changed: then there is nothing to build. */
export const isFresh = (product, sources) => {
  const made = stamp(product);
  return made !== undefined && made > newest(sources);
};
