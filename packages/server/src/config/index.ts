export { coreSettings } from './core-settings.js';
export { developmentSecret } from './dev-secret.js';
export { type Environment, type Parsed, parseConfig } from './parse.js';
export { redisSettings } from './redis-settings.js';
export { type Config, type Setting, type SettingName, settingList } from './settings.js';
export { configurationHelp, configurationTable, describeConfig } from './show.js';
export type { AwsKey, ConfiguredKey } from './value-types.js';
