import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** JSON texts, one in each line. */
export const NDJSON = 'application/x-ndjson';

const failure = (statusCode: number, message: string): Error => Object.assign(new Error(message), { statusCode });

const isCompressed = (request: FastifyRequest): boolean =>
  (request.headers['content-encoding'] ?? 'identity') !== 'identity';

const compressed = (): Error => failure(415, 'Content-Encoding: must be left out; bodies are not compressed');

/**
 * Bodies are JSON, and are handed to the core as text: it parses them by its own rules. Lines of JSON are handed on as the
 * stream that they are.
 */
export const takeJsonText = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (isCompressed(request)) done(compressed());
    else if (!isUtf8(body as Buffer)) done(failure(400, 'the body is not UTF-8'));
    else done(null, body.toString());
  });
  app.addContentTypeParser(NDJSON, (request, stream, done) => {
    if (isCompressed(request)) done(compressed());
    else done(null, stream);
  });
};
