export { chooseTargets } from './choose-targets.js';
export * from './frame-codec.js';
export * from './raw-client.js';
export * from './rules.js';
export * from './session.js';
export * from './target.js';
export * from './tokens.js';
