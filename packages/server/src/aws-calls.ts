import { randomUUID } from 'node:crypto';
import type { AwsCallOptions, ConnectionFacts, Connections, Functions } from '@aideals/aws-api';
import { type ApiKey, closeAnywhere, type Ports } from '@aideals/core';
import type { Config } from './config/index.js';
import type { SocketGateway } from './socket/gateway.js';
import type { EngineHolder } from './socket/session.js';
import type { Sockets } from './socket/sockets.js';

/** The key that stands for all who sign in the manner of AWS: made anew by each server, and told to nobody. */
export const invokerKey = (): ApiKey => ({ name: ':aws', key: randomUUID(), scopes: ['publish'] });

export interface AwsParts {
  readonly engine: EngineHolder;
  readonly ports: Pick<Ports, 'clock' | 'directory' | 'gateway' | 'userRelay'>;
  readonly gateway: SocketGateway;
  readonly sockets: Sockets;
  readonly invoker: ApiKey;
  readonly limits: AwsCallOptions['limits'];
}

const connectionsOf = ({ ports, gateway, sockets }: AwsParts): Connections => ({
  get: async (connectionId): Promise<ConnectionFacts | undefined> => {
    const { directory, clock } = ports;
    const record = await directory.get(connectionId);
    const session = sockets.get(connectionId);
    if (record === undefined) return undefined;
    // Of one that another node holds its row tells all that is known here.
    if (session === undefined) {
      if (ports.userRelay === undefined) return undefined;
      return { connectedAt: record.connectedAt, lastActiveAt: record.connectedAt, sourceIp: record.ip };
    }
    if (!gateway.alive(connectionId)) return undefined;
    const { userAgent } = session;
    return {
      connectedAt: record.connectedAt,
      lastActiveAt: Math.max(record.connectedAt, clock.now() - session.idleMs()),
      sourceIp: record.ip,
      ...(userAgent === undefined ? {} : { userAgent }),
    };
  },
  post: async (connectionId, text) => {
    const record = await ports.directory.get(connectionId);
    const session = sockets.get(connectionId);
    if (session === undefined && record !== undefined && ports.userRelay !== undefined) {
      return (await ports.userRelay.post(record.userId, connectionId, { text })) ? 'sent' : 'gone';
    }
    // Nothing is pushed on an expired token: the client comes back with a new one.
    if (session === undefined || record === undefined || record.expired === true) return 'gone';
    if (!session.hasRoom) return 'busy';
    return gateway.send([connectionId], { text }).sent === 1 ? 'sent' : 'gone';
  },
  delete: async (connectionId) => {
    if (gateway.alive(connectionId)) {
      gateway.close(connectionId, { code: 4003 });
      return true;
    }
    if (sockets.get(connectionId) !== undefined) return false;
    const record = await ports.directory.get(connectionId);
    return record !== undefined && (await closeAnywhere(ports, record, { code: 4003 }));
  },
});

const messageOf = (body: string | undefined): string => {
  const { data } = JSON.parse(body ?? '{}') as { data?: { message?: string } };
  return data?.message ?? 'unknown';
};

/** The one function there is: the broadcast of the guides, with its answers. */
const functionsOf = ({ engine, invoker }: AwsParts): Functions => ({
  invoke: async (name, payload) => {
    if (name !== 'broadcast') return undefined;
    const credentials = { bearer: undefined, apiKey: invoker.key, ip: '' };
    const { status, body } = await engine.current.call(credentials, {
      call: 'broadcast',
      params: {},
      query: {},
      body: payload,
      idempotencyKey: undefined,
    });
    const result =
      status === 200
        ? { statusCode: 200, body }
        : { statusCode: 500, body: JSON.stringify({ broadcast: 'failed', error: messageOf(body) }) };
    return { payload: JSON.stringify(result) };
  },
});

/** What the calls of AWS reach of this server. */
export const awsCalls = (config: Config, parts: AwsParts): AwsCallOptions => {
  const secrets = new Map(config.awsKeys.map(({ accessKeyId, secret }) => [accessKeyId, secret]));
  return {
    keys: (accessKeyId) => secrets.get(accessKeyId),
    stage: config.stage,
    connections: connectionsOf(parts),
    functions: functionsOf(parts),
    now: parts.ports.clock.now,
    ...(parts.limits === undefined ? {} : { limits: parts.limits }),
  };
};
