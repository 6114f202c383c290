import { compose } from '../runtime/compose.js';
import { broadcastFunction } from './publish.js';

/** Publishes an event, or a list of them: whoever may invoke this function may. */
export const handler = broadcastFunction(compose());
