export * from './in-process.js';
export { addressOf, type RedisAddress, RedisSettingError, type RedisSettings, shownAddress } from './redis/address.js';
export { RedisAway } from './redis/away.js';
export { channelName } from './redis/bus.js';
export type { Commander, CommandLink } from './redis/command-link.js';
export type { RedisConnection } from './redis/connection.js';
export { type Intake, type IntakeOptions, redisIntake } from './redis/intake.js';
export type { IntakeSummary } from './redis/intake-report.js';
export * from './redis/open.js';
