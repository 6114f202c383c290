import { bearerOf, type Credentials } from '@aideals/core';
import { type CallName, callList } from '@aideals/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Gatekeeper } from '../admission/gatekeeper.js';
import type { EngineHolder } from '../socket/session.js';
import { sendResponse } from './answers.js';
import type { Routes } from './routes.js';

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};

const credentialsOf = (request: FastifyRequest, gatekeeper: Gatekeeper): Credentials => ({
  bearer: bearerOf(request.headers.authorization),
  apiKey: header(request, 'x-api-key'),
  ip: gatekeeper.addressOf(request.raw),
});

/** Serves every call of the contracts. */
export const serveCalls = (
  app: FastifyInstance,
  routes: Routes,
  engine: EngineHolder,
  gatekeeper: Gatekeeper,
): void => {
  for (const { call, method, path } of callList) {
    const url = path.replaceAll(/\{(\w+)\}/gu, ':$1');
    routes.add(method, url);
    app.route<{ Params: Record<string, string>; Querystring: Record<string, unknown> }>({
      method,
      url,
      handler: async (request, reply) => {
        const response = await engine.current.call(credentialsOf(request, gatekeeper), {
          call: call as CallName,
          params: request.params,
          query: request.query,
          body: typeof request.body === 'string' ? request.body : undefined,
          idempotencyKey: header(request, 'idempotency-key'),
        });
        return sendResponse(reply, response);
      },
    });
  }
};
