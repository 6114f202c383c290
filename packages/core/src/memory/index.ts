export * from './directory.js';
export * from './keys.js';
export * from './limiter.js';
export * from './schedule.js';
export * from './segments.js';
export * from './streams.js';
export * from './table.js';
export * from './turns.js';
