import { socketFunctions } from './socket.js';

/** `$connect`. */
export const handler = socketFunctions().connect;
