import { compose } from '../runtime/compose.js';
import { sweepFunction } from './timed.js';

/** Tokens that end, connections that were never heard to leave, what is beyond retention, sends that were cut off. */
export const handler = sweepFunction(compose());
