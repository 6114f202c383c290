import { compose } from '../runtime/compose.js';
import { socketFunctions } from './socket.js';

/** `$connect`. */
export const handler = socketFunctions(compose()).connect;
