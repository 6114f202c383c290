import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder, and its removal. */
export interface DataFolder {
  readonly path: string;
  remove(): void;
}

export const dataFolder = (): DataFolder => {
  const path = mkdtempSync(join(tmpdir(), 'aideals-faults-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
