import type { Settings } from '@aideals/core';
import { type Buckets, defaultLimits, type Limits } from '@aideals/protocol';
import type { Config } from './settings.js';

/** The limits that the environment may set have the same names in both. */
const limitsOf = (config: Config): Limits => {
  const limits: Limits = { ...defaultLimits };
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    if (!(name in config)) continue;
    const value = config[name as keyof Limits & keyof Config];
    limits[name] = value;
  }
  return limits;
};

const off: Buckets = {
  connect: null,
  connectIp: null,
  sendMessage: null,
  subscribe: null,
  other: null,
  publish: null,
};

/** What the core is told of the configuration. */
export const coreSettings = (config: Config): Settings => ({
  limits: limitsOf(config),
  buckets: config.rateLimit
    ? {
        connect: config.rateConnect,
        connectIp: config.rateConnectIp,
        sendMessage: config.rateSendMessage,
        subscribe: config.rateSubscribe,
        other: config.rateOther,
        publish: config.ratePublish,
      }
    : off,
});
