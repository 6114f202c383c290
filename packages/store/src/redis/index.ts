export { type RedisLimiterOptions, redisLimiter } from './limiter.js';
export type { RedisCommands } from './run-script.js';
export { type RedisStreams, type RedisStreamsOptions, redisStreams } from './streams.js';
