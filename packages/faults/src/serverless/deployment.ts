import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Claims, tokenFor } from '@aideals/conformance';
import { DynamoGate, Link, LocalDynamo, makeTables, tableSettings } from '@aideals/local-cluster';
import { deployedFunctions, deployedRoutes, functionNames, LocalGateway } from '@aideals/local-gateway';
import type { Findings } from '../findings.js';
import type { Host } from '../wire/peer.js';
import { Mortality } from './mortal.js';

const BUNDLE = fileURLToPath(new URL('../../../lambda/scripts/bundle.mjs', import.meta.url));
const TOKEN_SECONDS = 86_400;
/** What two processors bear. */
const AT_ONCE = 6;

export interface DeploymentOptions {
  readonly seed: number;
  /** Where the functions are bundled. */
  readonly folder: string;
  /** In place of the two hours of a connection, and the ten minutes without a word. */
  readonly lifeMs: number;
  readonly idleMs: number;
  readonly chance: () => number;
}

/** The bundles of the functions behind the local API Gateway, whose ways to clients and to DynamoDB can be broken. */
export class Deployment implements Host {
  readonly gateway: LocalGateway;
  readonly dynamo: LocalDynamo;
  readonly gate: DynamoGate;
  /** From the functions to DynamoDB, and from clients to the gateway. */
  readonly links: { readonly store: Link; readonly clients: Link };
  readonly mortality: Mortality;
  readonly lines: string[];
  /** Invocations that had no result, by why. */
  readonly failed: ReadonlyMap<string, number>;
  readonly #secret: string;
  readonly #tokens = new Map<string, string>();

  private constructor(
    parts: Pick<Deployment, 'gateway' | 'dynamo' | 'gate' | 'links' | 'mortality' | 'lines' | 'failed'>,
    secret: string,
  ) {
    this.gateway = parts.gateway;
    this.dynamo = parts.dynamo;
    this.gate = parts.gate;
    this.links = parts.links;
    this.mortality = parts.mortality;
    this.lines = parts.lines;
    this.failed = parts.failed;
    this.#secret = secret;
  }

  static async start({ seed, folder, lifeMs, idleMs, chance }: DeploymentOptions): Promise<Deployment> {
    const bundles = join(folder, 'bundles');
    await promisify(execFile)(process.execPath, [BUNDLE, '--out', bundles]);
    const mortality = new Mortality(bundles, Object.values(functionNames));
    const secret = randomBytes(32).toString('hex');
    const dynamo = await LocalDynamo.start();
    const gate = await DynamoGate.before(dynamo, chance);
    const store = await Link.to(gate);
    const tables = tableSettings();
    await makeTables({ ...tables, AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint, AWS_REGION: 'us-east-1' });
    const lines: string[] = [];
    const failed = new Map<string, number>();
    const gateway = await LocalGateway.start({
      functions: deployedFunctions(bundles),
      routes: deployedRoutes(),
      httpFunction: functionNames.http,
      sweepFunction: functionNames.sweep,
      mappedPaths: ['/ws'],
      limits: { lifeMs, idleMs },
      ...{ seed, atOnce: AT_ONCE, disorder: { shuffle: true } },
      env: {
        ...tables,
        AWS_ENDPOINT_URL_DYNAMODB: `http://${store.host}:${store.port}`,
        JWT_SECRET: secret,
        AIDEALS_RATE_LIMIT: 'off',
        AIDEALS_MAILBOX_MAX: '100000',
      },
      reports: {
        line: (name, line) => {
          if (!line.startsWith('{"_aws"')) lines.push(`${new Date().toISOString()} ${name}: ${line}`);
        },
        ended: (name, ms, ran) => {
          if (!('payload' in ran)) {
            const why = 'error' in ran ? ran.error.errorType : 'throttled';
            failed.set(why, (failed.get(why) ?? 0) + 1);
            lines.push(`${new Date().toISOString()} ${name}, after ${ms.toFixed(0)} ms: ${JSON.stringify(ran)}`);
          }
        },
      },
    });
    const clients = await Link.to({ host: '127.0.0.1', port: gateway.port });
    return new Deployment({ gateway, dynamo, gate, links: { store, clients }, mortality, lines, failed }, secret);
  }

  get port(): number {
    return this.links.clients.port;
  }

  token(user: string, claims: Claims = {}): string {
    const known = this.#tokens.get(user);
    if (known !== undefined) return known;
    const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const token = tokenFor(this.#secret, user, { exp, ...claims });
    this.#tokens.set(user, token);
    return token;
  }

  /** What functions did after their answers is a fault as well. */
  auditFreeze(findings: Findings): void {
    for (const { functionName, what, stack } of this.gateway.breaches) {
      findings.broken('nothing is done after the answer', `${functionName} ${what}\n${stack}`);
    }
  }

  async stop(): Promise<void> {
    await this.links.clients.close();
    await this.gateway.stop();
    await this.links.store.close();
    await this.gate.close();
    await this.dynamo.stop();
  }
}
