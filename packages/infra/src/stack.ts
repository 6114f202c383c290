import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { Tables } from './data/tables.js';
import { Edge } from './edge/edge.js';
import { encryptionKey as makeKey } from './encryption-key.js';
import { ServiceFunctions } from './functions/service-functions.js';
import { sweepRule } from './functions/sweep-rule.js';
import { AidealsHttpApi } from './http/http-api.js';
import { outputs } from './outputs.js';
import { Bridge } from './redis/bridge.js';
import { Cache } from './redis/cache.js';
import { Network } from './redis/network.js';
import type { Settings } from './settings/settings.js';
import { TokenKeys } from './tokens/token-keys.js';
import { Watch } from './watch/watch.js';
import { ServedStage } from './websocket/served-stage.js';
import { webSocketApi } from './websocket/websocket-api.js';

export interface AidealsStackProps extends StackProps {
  readonly settings: Settings;
  /** The directory that holds a directory for each function, with its `index.mjs`. */
  readonly bundles: string;
}

/** One deployment of aideals, and where to find it. */
export class AidealsStack extends Stack {
  constructor(scope: Construct, id: string, { settings, bundles, ...props }: AidealsStackProps) {
    super(scope, id, {
      description: 'The real-time layer aideals: WebSocket API, HTTP API, functions and tables',
      ...props,
    });
    const { namePrefix } = settings;
    const encryptionKey = makeKey(this, namePrefix);
    const tables = new Tables(this, 'Tables', settings);
    const tokenKeys = new TokenKeys(this, 'TokenKeys', { ...settings, encryptionKey });
    const apiName = `${namePrefix}aideals-websocket-api`;
    const api = webSocketApi(this, apiName);
    const { apiId } = api;
    const redis = settings.redis ? this.#redis(settings, encryptionKey) : undefined;
    const functions = new ServiceFunctions(this, 'Functions', {
      ...{ settings, tables, apiId, tokenKeys, encryptionKey, bundles, redis },
    });
    const { byName } = functions;
    const { stage, domain } = new ServedStage(this, 'WebSocket', { api, apiName, settings, functions: byName });
    const http = new AidealsHttpApi(this, 'Http', { settings, lambda: byName['aideals-http'].lambda });
    const httpUrl = http.domain === undefined ? http.api.apiEndpoint : `https://${http.domain.name}`;
    const { bridgeImage: image, logRetentionDays: logRetention } = settings;
    if (redis !== undefined && image !== undefined && tokenKeys.apiKey !== undefined) {
      new Bridge(this, 'Bridge', { namePrefix, image, httpUrl, apiKey: tokenKeys.apiKey, ...redis, logRetention });
    }
    sweepRule(this, namePrefix, byName['aideals-sweep'].lambda);
    new Watch(this, 'Watch', { settings, functions, tables, encryptionKey });
    const edge = settings.cloudFront
      ? new Edge(this, 'Edge', { namePrefix, api, stage, encryptionKey, webAclArn: settings.webAclArn })
      : undefined;
    outputs(this, {
      WEBSOCKET_API_GATEWAY_URL: edge?.url ?? (domain === undefined ? stage.url : `wss://${domain.name}`),
      WEBSOCKET_API_GATEWAY_ID: apiId,
      AIDEALS_HTTP_URL: httpUrl,
      AIDEALS_WEBSOCKET_DOMAIN_TARGET: domain?.regionalDomainName,
      AIDEALS_HTTP_DOMAIN_TARGET: http.domain?.regionalDomainName,
      REDIS_HOST: redis?.cache.host,
      REDIS_PORT: redis?.cache.port,
    });
  }

  #redis(settings: Settings, encryptionKey: Key): { readonly network: Network; readonly cache: Cache } {
    const { namePrefix, logRetentionDays: logRetention, natGateways, redisNodeType: nodeType } = settings;
    const network = new Network(this, 'Network', { namePrefix, logRetention, natGateways });
    const cache = new Cache(this, 'Redis', { namePrefix, nodeType, network, encryptionKey });
    return { network, cache };
  }
}
