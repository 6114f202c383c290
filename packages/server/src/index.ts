export type { ServerOptions } from './compose.js';
export {
  type AwsKey,
  type Config,
  type ConfiguredKey,
  configurationHelp,
  configurationTable,
  coreSettings,
  describeConfig,
  developmentSecret,
  type Environment,
  type Parsed,
  parseConfig,
  redisSettings,
  type Setting,
  type SettingName,
  settingList,
} from './config/index.js';
export { type Line, LineSplitter } from './http/line-splitter.js';
export { createServer, type Server } from './serve.js';
export { StartError } from './start-error.js';
export type { WorkerOf } from './workers/backing.js';
export { createPrimary, OWNER_SOCKET, STOP, WORKER_NUMBER } from './workers/primary.js';
