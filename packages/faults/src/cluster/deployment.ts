import { randomBytes } from 'node:crypto';
import { type Claims, tokenFor } from '@aideals/conformance';
import { LocalCluster, type LocalNode } from '@aideals/local-cluster';
import type { Findings } from '../findings.js';
import type { Host } from '../wire/peer.js';

const TOKEN_SECONDS = 86_400;

/** Nodes behind a load balancer, with links to Redis and DynamoDB that can be broken. */
export class Deployment implements Host {
  readonly cluster: LocalCluster;
  readonly #secret: string;
  readonly #tokens = new Map<string, string>();

  private constructor(cluster: LocalCluster, secret: string) {
    this.cluster = cluster;
    this.#secret = secret;
  }

  static async start(nodes: number, folder: string, findings: Findings): Promise<Deployment> {
    const secret = randomBytes(32).toString('hex');
    const cluster = await LocalCluster.start({
      nodes,
      folder,
      links: true,
      // A kill takes nothing from a Redis that flushes each write: what it holds is lost by a flush alone.
      redisArgs: ['--appendfsync', 'always'],
      env: {
        JWT_SECRET: secret,
        AIDEALS_RATE_LIMIT: 'off',
        AIDEALS_LOG_LEVEL: 'info',
        AIDEALS_DRAIN_SECONDS: '3',
        AIDEALS_MAILBOX_MAX: '100000',
      },
      onExit: ({ name, log }, { code, signal }, isExpected) => {
        const last = log.slice(-3).join(' · ');
        findings.hold(isExpected, 'a node does not end by itself', () => `${name}: ${signal ?? code}: ${last}`);
      },
    });
    return new Deployment(cluster, secret);
  }

  get port(): number {
    return this.cluster.balancer.port;
  }

  get nodes(): readonly LocalNode[] {
    return this.cluster.nodes;
  }

  token(user: string, claims: Claims = {}): string {
    const known = this.#tokens.get(user);
    if (known !== undefined) return known;
    const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const token = tokenFor(this.#secret, user, { exp, ...claims });
    this.#tokens.set(user, token);
    return token;
  }
}
