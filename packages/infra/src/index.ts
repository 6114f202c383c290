export { readSettings } from './settings/read-settings.js';
export type { Settings } from './settings/settings.js';
export { AidealsStack, type AidealsStackProps } from './stack.js';
