import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import type { Gatekeeper } from '../admission/gatekeeper.js';
import { refusalOf, refuse } from '../refusal.js';
import type { EngineHolder } from '../socket/session.js';
import { closedRefusal } from '../socket/upgrade.js';
import { notFound, sendJson, sendRefusal } from './answers.js';
import type { Routes } from './routes.js';

/** `ok`, or one phrase that says what is wrong. */
export type Checks = Readonly<Record<string, string>>;

export interface OwnOptions {
  readonly engine: EngineHolder;
  readonly gatekeeper: Gatekeeper;
  readonly closedFor: () => number | undefined;
  readonly checks: () => Promise<Checks>;
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

const document = (name: string): string | undefined => {
  try {
    return readFileSync(createRequire(import.meta.url).resolve(`@aideals/protocol/${name}`), 'utf8');
  } catch {
    return undefined;
  }
};

/** Health, metrics and documents: what the server tells of itself. */
export const serveOwn = (app: FastifyInstance, routes: Routes, options: OwnOptions): void => {
  routes.get(app, '/healthz', async (_, reply) => sendJson(reply, 200, { status: 'ok' }));
  routes.get(app, '/readyz', async (_, reply) => {
    const checks = await options.checks();
    const isReady = Object.values(checks).every((check) => check === 'ok');
    return sendJson(reply, isReady ? 200 : 503, { status: isReady ? 'ok' : 'unavailable', checks });
  });
  routes.get(app, '/metrics', async (_, reply) => {
    const { type, text } = await options.metrics();
    return reply.type(type).send(text);
  });
  for (const name of ['openapi.json', 'asyncapi.json']) {
    const text = document(name);
    routes.get(app, `/${name}`, async (_, reply) =>
      text === undefined ? sendRefusal(reply, notFound()) : reply.type('application/json; charset=utf-8').send(text),
    );
  }
};

/** A plain request where sockets are taken: answered as an upgrade would be, with 426 in place of 101. */
export const serveProbes = (app: FastifyInstance, routes: Routes, options: OwnOptions): void => {
  const { engine, gatekeeper, closedFor } = options;
  for (const path of gatekeeper.socketPaths.filter((each) => each !== '/')) {
    routes.get(app, path, async (request, reply) => {
      const introduced = gatekeeper.introduce(request.raw);
      if (!introduced.ok) return sendRefusal(reply, introduced.refusal);
      const closed = closedFor();
      if (closed !== undefined) return sendRefusal(reply, closedRefusal(closed));
      const opening = await engine.current.admit({ connectionId: 'probe', ...introduced.introduction });
      if (!opening.accepted) return sendRefusal(reply, refusalOf(opening.status, opening.body, opening.retryAfter));
      return sendRefusal(reply, refuse(426, 'VALIDATION_ERROR', 'you may come in: this path takes WebSockets'));
    });
  }
};
