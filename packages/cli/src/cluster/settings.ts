import { randomBytes } from 'node:crypto';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the cluster says itself: where its nodes listen, where they keep things, and what they share. */
const OWN = new Set([
  'PORT',
  'HOST',
  'AIDEALS_DATA_DIR',
  'AIDEALS_REDIS_URL',
  'AIDEALS_REDIS_USERNAME',
  'AIDEALS_REDIS_PREFIX',
  'AIDEALS_TABLE',
  'CONNECTIONS_TABLE',
  'CONNECTIONS_TABLE_NAME',
  'SUBSCRIPTIONS_TABLE',
]);

const isOwn = (name: string): boolean => OWN.has(name) || name.startsWith('REDIS_') || name.startsWith('AWS_');

/** Settings of the environment that say nothing of where things are, and what a cluster to try out has in place of defaults. */
export const nodeSettings = (env: Environment): Record<string, string> => {
  const given = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' || isOwn(name) ? [] : [[name, value]],
  );
  return {
    AIDEALS_LOG_LEVEL: 'warn',
    AIDEALS_TOKEN_ISSUE: '1',
    // Whoever ends it by Ctrl-C does not wait for browsers.
    AIDEALS_DRAIN_SECONDS: '2',
    JWT_SECRET: randomBytes(32).toString('base64url'),
    ...Object.fromEntries(given),
  };
};
