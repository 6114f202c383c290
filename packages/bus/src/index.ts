export * from './in-process.js';
export { addressOf, type RedisAddress, RedisSettingError, type RedisSettings, shownAddress } from './redis/address.js';
export { channelName } from './redis/bus.js';
export { RedisAway, type RedisConnection } from './redis/connection.js';
export { type Heard, type Intake, redisIntake } from './redis/intake.js';
export * from './redis/open.js';
