import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT_MILLIS = 58_000;

/** What may be planned, so that starts and ends have time as well. */
export const PLAN_MILLIS = LIMIT_MILLIS - 10_000;

export function checkPlan(millis) {
  if (millis > PLAN_MILLIS)
    throw new Error(`that would take ${Math.ceil(millis / 1000)} s; the limit is ${PLAN_MILLIS / 1000} s`);
}

/**
 * Runs `work` within the limit (a minute, where no other is given). It is given `keep`, for the children that it starts, and `folder`, which makes one for
 * data; whatever happens, the children are ended and the folders removed.
 */
export async function bounded(work, limitMillis = LIMIT_MILLIS) {
  const children = [];
  const folders = [];
  const keep = async (starting) => {
    const child = await starting;
    children.push(child);
    return child;
  };
  const folder = async () => {
    const path = await mkdtemp(join(tmpdir(), 'aideals-bench-'));
    folders.push(path);
    return path;
  };
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMillis / 1000} s`)), limitMillis);
  });
  try {
    return await Promise.race([work({ keep, folder }), tooLong]);
  } finally {
    clearTimeout(timer);
    await Promise.all(children.map((child) => child.stop()));
    await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })));
  }
}
