import { randomBytes } from 'node:crypto';

/** A mark that a write leaves in its item, by which a writer that got no answer knows its own again. */
export const writeToken = (): string => randomBytes(9).toString('base64url');
