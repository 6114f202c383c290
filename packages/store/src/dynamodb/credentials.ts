import type { DynamoSettings, Environment } from './settings.js';

/** What the SDK would find credentials by. */
const SOURCES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/**
 * A local DynamoDB looks at no signature, but the SDK wants something to sign with, and would ask the machine's metadata
 * service for it. Undefined where the SDK must find real ones.
 */
export const localCredentials = (
  { endpoint }: Pick<DynamoSettings, 'endpoint'>,
  environment: Environment,
): { accessKeyId: string; secretAccessKey: string } | undefined => {
  if (endpoint === undefined) return undefined;
  const { protocol, hostname } = new URL(endpoint);
  if (protocol !== 'http:' || /\.amazonaws\.com(\.cn)?$/u.test(hostname)) return undefined;
  if (SOURCES.some((name) => environment[name] !== undefined)) return undefined;
  return { accessKeyId: 'local', secretAccessKey: 'local' };
};
