import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccountQuota, defaultQuota, type Quota } from './account-quota.js';
import { type Clock, systemClock } from './clock.js';
import { Disorder, type DisorderRates } from './disorder.js';
import { scheduledEvent } from './events/scheduled-event.js';
import type { Breach, FunctionOptions, FunctionReports } from './functions/function.js';
import { Lambda } from './functions/lambda.js';
import { createAwsCalls } from './http/aws-calls.js';
import { type Cors, HttpApi } from './http/http-api.js';
import { readBody } from './http/read-body.js';
import { type ConnectionLimits, defaultConnectionLimits } from './websocket/connection.js';
import type { Route } from './websocket/routes.js';
import { sourceIpOf, WebSocketApi } from './websocket/websocket-api.js';

export interface GatewayOptions {
  readonly functions: readonly Omit<FunctionOptions, 'env'>[];
  /** Variables of all functions, beside those that Lambda sets and those that say where things are. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly routes: readonly Route[];
  /** Which function answers HTTP that is no call of AWS; without one such a request is 404. */
  readonly httpFunction?: string;
  readonly cors?: Cors | undefined;
  /** Which function is invoked each minute. */
  readonly sweepFunction?: string;
  /** Of the loopback; a free one where it is left out, or 0. */
  readonly port?: number;
  readonly stage?: string;
  /** More paths on which upgrades are taken, as a custom domain maps them to the stage. */
  readonly mappedPaths?: readonly string[];
  readonly clock?: Clock;
  readonly disorder?: Partial<DisorderRates>;
  readonly seed?: number;
  readonly quota?: Quota;
  readonly limits?: Partial<ConnectionLimits>;
  readonly accountConcurrency?: number;
  readonly atOnce?: number;
  readonly reports?: FunctionReports;
  readonly called?: (what: 'get' | 'post' | 'delete', outcome: 'done' | 'gone' | 'refused') => void;
  /** Told of what went wrong in the gateway itself, or in an answer that cannot be given [a line on stderr]. */
  readonly fault?: (error: unknown) => void;
}

const REGION = 'us-east-1';
const ACCOUNT = '123456789012';
const API_ID = 'local00000';
/** An HTTP API takes no more. */
const BODY_BYTES = 10 * 1_048_576;
const MINUTE = 60_000;
/** Functions keep connections to the API over a freeze. */
const KEEP_ALIVE_MS = 60_000;

const toStderr = (error: unknown): void => {
  process.stderr.write(`gateway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** API Gateway, Lambda and a schedule for one deployment, on one port of the loopback. */
export class LocalGateway {
  readonly port: number;
  readonly stage: string;
  readonly disorder: Disorder;
  readonly quota: AccountQuota;
  readonly lambda: Lambda;
  readonly api: WebSocketApi;
  /** What functions did after their answers. Empty, where they keep to the rules. */
  readonly breaches: readonly Breach[];
  readonly #server: Server;
  #callOffSweep: () => void = () => undefined;
  #isStopped = false;

  private constructor(
    parts: Pick<LocalGateway, 'port' | 'stage' | 'disorder' | 'quota' | 'lambda' | 'api' | 'breaches'>,
    server: Server,
  ) {
    this.port = parts.port;
    this.stage = parts.stage;
    this.disorder = parts.disorder;
    this.quota = parts.quota;
    this.lambda = parts.lambda;
    this.api = parts.api;
    this.breaches = parts.breaches;
    this.#server = server;
  }

  /** `http://127.0.0.1:port`: the HTTP API, `@connections` and the functions. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Where clients connect. */
  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.port}/${this.stage}`;
  }

  static async start(options: GatewayOptions): Promise<LocalGateway> {
    const { stage = 'prod', clock = systemClock, reports = {}, limits = {}, fault = toStderr } = options;
    const disorder = new Disorder(options.disorder, options.seed);
    const quota = new AccountQuota(options.quota ?? defaultQuota, clock);
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
    const port = await listen(server, options.port ?? 0);
    const domainName = `127.0.0.1:${port}`;
    const origin = `http://${domainName}`;
    const credentials = {
      accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64url'),
    };
    const env = {
      AWS_ENDPOINT_URL_LAMBDA: origin,
      WEBSOCKET_API_GATEWAY_URL: `ws://${domainName}/${stage}`,
      STAGE: stage,
      ...options.env,
    };
    const breaches: Breach[] = [];
    const lambda = new Lambda({
      ...{ region: REGION, accountId: ACCOUNT, credentials, clock, disorder },
      functions: options.functions.map((each) => ({ ...each, env })),
      reports: {
        ...reports,
        breach: (breach) => {
          breaches.push(breach);
          reports.breach?.(breach);
        },
      },
      ...(options.accountConcurrency === undefined ? {} : { accountConcurrency: options.accountConcurrency }),
      ...(options.atOnce === undefined ? {} : { atOnce: options.atOnce }),
    });
    const connectionLimits = { ...defaultConnectionLimits, ...limits };
    const api = new WebSocketApi({
      ...{ apiId: API_ID, stage, domainName: () => domainName, routes: options.routes, lambda, clock, disorder },
      paths: [`/${stage}`, ...(options.mappedPaths ?? [])],
      limits: connectionLimits,
    });
    const awsCalls = createAwsCalls({
      keys: (id) => (id === credentials.accessKeyId ? credentials.secretAccessKey : keysOf(options.env)(id)),
      ...{ stage, api, lambda, quota, disorder, messageBytes: connectionLimits.messageBytes },
      ...(options.called === undefined ? {} : { called: options.called }),
    });
    const http =
      options.httpFunction === undefined
        ? undefined
        : new HttpApi({
            ...{ apiId: API_ID, accountId: ACCOUNT, domainName, lambda, clock, functionName: options.httpFunction },
            ...(options.cors === undefined ? {} : { cors: options.cors }),
          });
    const answer = answering(awsCalls, http, fault);
    server.on('request', (request, response) => void answer(request, response));
    server.on('upgrade', (request, socket, head) => {
      api.upgrade(request, socket, head).catch((error: unknown) => {
        fault(error);
        socket.destroy();
      });
    });
    const gateway = new LocalGateway({ port, stage, disorder, quota, lambda, api, breaches }, server);
    if (options.sweepFunction !== undefined) gateway.#schedule(options.sweepFunction, clock);
    return gateway;
  }

  /** Resolves when nothing is being handled. */
  async settled(): Promise<void> {
    await this.api.settled();
    await this.lambda.settled();
  }

  /** Ends all connections and instances at once, whatever they are at. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#callOffSweep();
    this.api.stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await this.lambda.stop();
    await closed;
  }

  #schedule(functionName: string, clock: Clock): void {
    const now = clock.now();
    this.#callOffSweep = clock.after(MINUTE - (now % MINUTE), () => {
      if (this.#isStopped) return;
      this.lambda.queue(functionName, JSON.stringify(scheduledEvent(functionName, REGION, ACCOUNT, clock.now())));
      this.#schedule(functionName, clock);
    });
  }
}

/** Further keys that may call, from `AIDEALS_AWS_KEYS` (`accessKeyId:secret,…`). */
const keysOf = (env: GatewayOptions['env'] = {}) => {
  const pairs = (env['AIDEALS_AWS_KEYS'] ?? '').split(',').map((pair) => pair.trim().split(':'));
  const secrets = new Map(pairs.map(([id = '', ...secret]) => [id, secret.join(':')]));
  return (id: string): string | undefined => (id === '' ? undefined : secrets.get(id));
};

const answering =
  (awsCalls: ReturnType<typeof createAwsCalls>, http: HttpApi | undefined, fault: (error: unknown) => void) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [rawPath = '/', ...query] = (request.url ?? '/').split('?');
    const rawQuery = query.join('?');
    try {
      const body = await readBody(request, BODY_BYTES);
      if (body === undefined) {
        response.writeHead(413, { 'content-type': 'application/json' }).end('{"message":"Request Entity Too Large"}');
        return;
      }
      const method = request.method ?? 'GET';
      const call = await awsCalls({ method, rawPath, rawQuery, headers: request.headersDistinct, body });
      if (call !== undefined) {
        response.writeHead(call.status, { 'x-amzn-RequestId': randomBytes(8).toString('hex'), ...call.headers });
        response.end(call.body);
        return;
      }
      if (http === undefined) {
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"Not Found"}');
        return;
      }
      const { rawHeaders } = request;
      const answer = await http.answer({ method, rawPath, rawQuery, rawHeaders, body, sourceIp: sourceIpOf(request) });
      for (const [name, value] of answer.headers) response.appendHeader(name, value);
      response.writeHead(answer.status).end(method === 'HEAD' ? undefined : answer.body);
    } catch (error) {
      // The client went, or what a function set is no header.
      if (!response.destroyed) fault(error);
      if (response.headersSent) {
        response.destroy();
        return;
      }
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"Internal Server Error"}');
    }
  };
