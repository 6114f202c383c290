import { socketFunctions } from './socket.js';

/** `$disconnect`. */
export const handler = socketFunctions().disconnect;
