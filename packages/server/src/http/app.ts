import type { AwsCallOptions } from '@aideals/aws-api';
import cors from '@fastify/cors';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { refuse } from '../refusal.js';
import { notFound, sendRefusal } from './answers.js';
import { routedUrl, serveAws } from './aws.js';
import { takeJsonText } from './body.js';
import { serveCalls } from './calls.js';
import { clientError, refusalOfError } from './errors.js';
import { type OwnOptions, serveOwn, serveProbes } from './own.js';
import { servePage } from './page.js';
import { readOn } from './read-on.js';
import { Routes } from './routes.js';

export interface AppOptions extends OwnOptions {
  readonly bodyBytes: number;
  readonly pageDir: string | undefined;
  readonly aws: AwsCallOptions;
  readonly log: Logger;
  /** Called when a request was answered; `route` is the pattern of its path. */
  readonly answered: (method: string, route: string, status: number, seconds: number) => void;
  readonly errorId: () => string;
}

/** A token of 16 KiB in the query, and room for the rest. */
const HEADER_BYTES = 32_768;
const REQUEST_MS = 60_000;

const ALWAYS = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' };

/** Load balancers ask from addresses of their own. */
const OPEN_TO_ALL = new Set(['/healthz', '/readyz']);

const pathOf = (request: FastifyRequest): string => (request.raw.url ?? '').split('?', 1)[0] as string;

const answerOrigins = async (app: FastifyInstance, { gatekeeper }: AppOptions): Promise<void> => {
  await app.register(cors, {
    delegator: (request, done) => {
      const { origin } = request.headers;
      done(null, {
        origin: origin !== undefined && gatekeeper.isOriginAllowed(request.raw) ? origin : false,
        methods: ['GET', 'POST', 'DELETE'],
        allowedHeaders: ['Authorization', 'Content-Type', 'X-Api-Key', 'Idempotency-Key'],
        exposedHeaders: ['Retry-After', 'Idempotency-Replayed'],
        maxAge: 600,
        strictPreflight: false,
      });
    },
  });
};

const answerErrors = (app: FastifyInstance, { bodyBytes, log, errorId }: AppOptions): void => {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOfError(error, bodyBytes);
    if (refusal?.status === 413) await readOn(request.raw);
    if (refusal !== undefined) return sendRefusal(reply, refusal);
    const id = errorId();
    log.error({ errorId: id, route: request.routeOptions.url, err: error }, 'a request met a fault');
    return sendRefusal(reply, refuse(500, 'INTERNAL_ERROR', `something went wrong here; tell the operator ${id}`));
  });
  app.setNotFoundHandler((_, reply) => sendRefusal(reply, notFound()));
};

/** The HTTP side of a server: the calls of the contracts, what it tells of itself, and the page. */
export const createApp = async (options: AppOptions): Promise<FastifyInstance> => {
  const { bodyBytes, gatekeeper, log } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytes,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1_024 },
    rewriteUrl: (request) => routedUrl(request.url ?? '/'),
    http: { maxHeaderSize: HEADER_BYTES },
    clientErrorHandler: (error, socket) => clientError(error, socket),
    frameworkErrors: (error, _, reply) => {
      const refusal = refusalOfError(error, bodyBytes) ?? refuse(400, 'VALIDATION_ERROR', 'the request is malformed');
      void sendRefusal(reply, refusal);
    },
  });
  // First, so that a page can read why it was refused.
  await answerOrigins(app, options);
  // Hooks that wait for nothing call back: a promise for each of them and request would cost more than what they do.
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(ALWAYS);
    const refusal = gatekeeper.refuseAddress(request.raw);
    if (refusal !== undefined && !OPEN_TO_ALL.has(pathOf(request))) void sendRefusal(reply, refusal);
    // Before the body is looked at: it does not matter.
    else if (request.is404 && request.method !== 'OPTIONS') void sendRefusal(reply, notFound());
    else done();
  });
  const isDebug = log.isLevelEnabled('debug');
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? 'none';
    const { elapsedTime, statusCode } = reply;
    options.answered(method, route, statusCode, elapsedTime / 1000);
    if (isDebug) log.debug({ method, route, status: statusCode, ms: Math.round(elapsedTime) }, 'answered');
    done();
  });
  takeJsonText(app);
  answerErrors(app, options);
  const routes = new Routes();
  serveCalls(app, routes, options);
  serveOwn(app, routes, options);
  serveProbes(app, routes, options);
  await serveAws(app, options.aws);
  await servePage(app, options.pageDir);
  routes.refuseOthers(app);
  return app;
};
