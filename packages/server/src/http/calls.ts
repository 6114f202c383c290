import type { Readable } from 'node:stream';
import { bearerOf, type CallResponse, type Credentials } from '@aideals/core';
import { type CallName, callList } from '@aideals/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Gatekeeper } from '../admission/gatekeeper.js';
import { refuse } from '../refusal.js';
import type { EngineHolder } from '../socket/session.js';
import { sendRefusal, sendResponse } from './answers.js';
import { takeLines } from './lines.js';
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

export interface CallOptions {
  readonly engine: EngineHolder;
  readonly gatekeeper: Gatekeeper;
  readonly bodyBytes: number;
}

type CallRequest = FastifyRequest<{ Params: Record<string, string>; Querystring: Record<string, unknown> }>;

const isStream = (body: unknown): body is Readable => typeof body === 'object' && body !== null;

/** Answers before the body has been read to its end: the rest is not waited for. */
const unread = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  request.raw.resume();
  return reply.header('Connection', 'close');
};

const publishLines = async (
  { engine, gatekeeper, bodyBytes }: CallOptions,
  request: CallRequest,
  body: Readable,
): Promise<CallResponse> => {
  const idempotencyKey = header(request, 'idempotency-key');
  const raw = { call: 'broadcast', query: request.query, idempotencyKey } as const;
  const opening = await engine.current.lines(credentialsOf(request, gatekeeper), raw);
  if (!opening.ok) return opening.response;
  return takeLines(body, opening.intake, { maxBytes: bodyBytes, isKeyed: idempotencyKey !== undefined });
};

/** Serves every call of the contracts. */
export const serveCalls = (app: FastifyInstance, routes: Routes, options: CallOptions): void => {
  const { engine, gatekeeper } = options;
  for (const { call, method, path, lines } of callList) {
    const url = path.replaceAll(/\{(\w+)\}/gu, ':$1');
    routes.add(method, url);
    app.route<{ Params: Record<string, string>; Querystring: Record<string, unknown> }>({
      method,
      url,
      handler: async (request, reply) => {
        if (isStream(request.body)) {
          if (lines === undefined) {
            const refusal = refuse(415, 'VALIDATION_ERROR', 'must be application/json', { path: 'Content-Type' });
            return sendRefusal(unread(request, reply), refusal);
          }
          const answer = await publishLines(options, request, request.body);
          return sendResponse(request.raw.readableEnded ? reply : unread(request, reply), answer);
        }
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
