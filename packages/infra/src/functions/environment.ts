import type { Tables } from '../data/tables.js';
import type { Cache } from '../redis/cache.js';
import type { Settings } from '../settings/settings.js';
import type { TokenKeys } from '../tokens/token-keys.js';
import type { FunctionName } from './names.js';

export interface EnvironmentProps {
  readonly settings: Settings;
  readonly tables: Tables;
  readonly apiId: string;
  readonly tokenKeys: TokenKeys;
  readonly cache: Cache | undefined;
}

/** Who looks at addresses and origins. */
const DOORS: ReadonlySet<FunctionName> = new Set(['aideals-websocket-connect', 'aideals-http']);

const listed = (name: string, items: readonly string[]): Record<string, string> =>
  items.length === 0 ? {} : { [name]: items.join(',') };

/** The variables of each function. Lambda itself sets `AWS_REGION`. */
export const environmentOf =
  ({ settings, tables, apiId, tokenKeys, cache }: EnvironmentProps) =>
  (name: FunctionName): Readonly<Record<string, string>> => ({
    NODE_ENV: 'production',
    // Through CloudFront every address is one of its own: a limit of one address would be everyone's.
    ...(settings.cloudFront ? { AIDEALS_RATE_CONNECT_IP: 'off' } : {}),
    ...settings.environment,
    STAGE: settings.stage,
    API_GATEWAY_ID: apiId,
    CONNECTIONS_TABLE: tables.connections.tableName,
    SUBSCRIPTIONS_TABLE: tables.subscriptions.tableName,
    AIDEALS_TABLE: tables.aideals.tableName,
    AIDEALS_BROADCAST_FUNCTION: `${settings.namePrefix}broadcast`,
    AIDEALS_MAX_CONNECTIONS: String(settings.maxConnections),
    ...(cache === undefined ? {} : { ...cache.environment, REDIS_PASSWORD: cache.passwordReference }),
    ...tokenKeys.environment,
    ...(name === 'aideals-http' ? tokenKeys.callers : {}),
    ...(DOORS.has(name) ? listed('AIDEALS_ALLOWED_ORIGINS', settings.allowedOrigins) : {}),
    ...(DOORS.has(name) ? listed('AIDEALS_IP_ALLOW', settings.ipAllow) : {}),
    ...(DOORS.has(name) ? listed('AIDEALS_IP_DENY', settings.ipDeny) : {}),
  });
