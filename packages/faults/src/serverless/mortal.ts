import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Ends the thread, as a sandbox ends that the hardware or Lambda takes away, at any moment of an invocation, while a file is
 * there. A timer that is left would be work after the answer.
 */
const wrapper = (sign: string): string => `
import { existsSync } from 'node:fs';
import { handler as real } from './real.mjs';

const DIES = 0.5;
const WITHIN_MS = 30;

export const handler = async (event, context) => {
  if (!existsSync(${JSON.stringify(sign)}) || Math.random() > DIES) return real(event, context);
  const end = setTimeout(() => process.exit(1), Math.random() * WITHIN_MS);
  try {
    return await real(event, context);
  } finally {
    clearTimeout(end);
  }
};
`;

/** Functions that can be made to end in mid-air. */
export class Mortality {
  readonly #sign: string;

  constructor(bundles: string, names: readonly string[]) {
    this.#sign = join(bundles, 'dying');
    for (const name of names) {
      const file = join(bundles, name, 'index.mjs');
      if (!existsSync(file)) throw new Error(`${file} is missing`);
      renameSync(file, join(bundles, name, 'real.mjs'));
      writeFileSync(file, wrapper(this.#sign));
    }
  }

  begin(): void {
    writeFileSync(this.#sign, '');
  }

  end(): void {
    rmSync(this.#sign, { force: true });
  }
}
