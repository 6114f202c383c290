export * from './auth/principal.js';
export * from './auth/tokens.js';
export * from './engine-api.js';
export * from './match/matches.js';
export * from './outcome.js';
export * from './ports/index.js';
export * from './settings.js';
