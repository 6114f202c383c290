import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Keeps what processes wrote for whoever looks for the cause of a finding; gives the folder. */
export const keepLogs = (run: string, seed: number, logs: ReadonlyMap<string, readonly string[]>): string => {
  const folder = join(tmpdir(), `aideals-faults-${run}-${seed}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, lines] of logs) writeFileSync(join(folder, `${name}.log`), `${lines.join('\n')}\n`);
  return folder;
};
