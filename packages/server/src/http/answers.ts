import type { CallResponse } from '@aideals/core';
import type { FastifyReply } from 'fastify';
import { type Refusal, refusalOf, refuse } from '../refusal.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Answers with an error. */
export const sendRefusal = (reply: FastifyReply, { status, body, headers }: Refusal): FastifyReply =>
  reply.code(status).headers(headers).type(JSON_TYPE).send(body);

/** Answers with what the core said. */
export const sendResponse = (reply: FastifyReply, response: CallResponse): FastifyReply => {
  const { status, body, retryAfter, replayed } = response;
  if (replayed === true) reply.header('Idempotency-Replayed', 'true');
  if (body === undefined) return reply.code(status).send();
  return sendRefusal(reply, refusalOf(status, body, retryAfter));
};

export const sendJson = (reply: FastifyReply, status: number, value: object): FastifyReply =>
  reply.code(status).type(JSON_TYPE).send(JSON.stringify(value));

export const notFound = (): Refusal => refuse(404, 'VALIDATION_ERROR', 'there is nothing here');

export const wrongMethod = (allowed: readonly string[]): Refusal =>
  refuse(405, 'VALIDATION_ERROR', `this path takes ${allowed.join(', ')}`, { headers: { Allow: allowed.join(', ') } });
