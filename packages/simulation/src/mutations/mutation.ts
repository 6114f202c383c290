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
  /** The laws that it may break first. */
  readonly breaks: readonly string[];
  readonly ports?: (ports: Ports, stage: Stage) => Ports;
  readonly engine?: (engine: Engine, stage: Stage) => Engine;
  /** What a segment of the log is named. */
  readonly segment?: (name: string) => string;
}

export type Mutations = Readonly<Record<string, Mutation>>;
