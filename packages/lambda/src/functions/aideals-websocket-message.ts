import { socketFunctions } from './socket.js';

/** The actions whose contracts name the group `message`. */
export const handler = socketFunctions().message;
