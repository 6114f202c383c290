import type { Engine, Ports } from '@aideals/core';
import type { Random } from '../random.js';

/** What a planted bug may use. */
export interface Stage {
  /** Chance of its own: the run is the same without the bug up to where it shows. */
  readonly random: Random;
}

/** A bug planted around the engine or its ports: what the checker must find. */
export interface Mutation {
  /** What is wrong, in a sentence. */
  readonly about: string;
  readonly ports?: (ports: Ports, stage: Stage) => Ports;
  readonly engine?: (engine: Engine, stage: Stage) => Engine;
}
