/** Runs the examples, of which one is the guide's own test. They say themselves how many there were. */
import { run } from './child.mjs';

export const examples = async () => {
  let ended;
  try {
    ended = await run(process.execPath, ['examples/run.mjs']);
  } catch (error) {
    ended = error;
  }
  const found = /(\d+) passed, (\d+) failed\s*$/u.exec(ended.stdout ?? '');
  if (found === null) throw ended instanceof Error ? ended : Object.assign(new Error('no count at the end'), ended);
  const failed = Number(found[2]);
  return { passed: Number(found[1]), failed: ended.code === 0 ? failed : Math.max(1, failed), output: ended.output };
};
