import { compose } from '../runtime/compose.js';
import { socketFunctions } from './socket.js';

/** The actions whose contracts name the group `subscription`. */
export const handler = socketFunctions(compose()).message;
