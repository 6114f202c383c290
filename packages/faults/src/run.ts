import type { Findings } from './findings.js';

/** What a run of faults is given. */
export interface RunOptions {
  /** Writes a line of progress. */
  readonly say: (line: string) => void;
  readonly seed: number;
}

/** What came of it: numbers, in lines, and what broke. */
export interface RunResult {
  readonly numbers: readonly string[];
  readonly findings: Findings;
}

/** A number as people read it. */
export const count = (n: number): string => Math.round(n).toLocaleString('en');

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
