import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';

const failure = (statusCode: number, message: string): Error => Object.assign(new Error(message), { statusCode });

/** Bodies are JSON, and are handed to the core as text: it parses them by its own rules. */
export const takeJsonText = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      done(failure(415, 'Content-Encoding: must be left out; bodies are not compressed'));
    } else if (!isUtf8(body as Buffer)) {
      done(failure(400, 'the body is not UTF-8'));
    } else {
      done(null, body.toString());
    }
  });
};
