import { compose } from '../runtime/compose.js';
import { socketFunctions } from './socket.js';

/** `$disconnect`. */
export const handler = socketFunctions(compose()).disconnect;
