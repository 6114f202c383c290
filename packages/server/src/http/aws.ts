import { type AwsAnswer, type AwsCallOptions, answerAwsCall } from '@aideals/aws-api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound, sendRefusal } from './answers.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const PATHS = ['/@connections/:id', '/:stage/@connections/:id', '/2015-03-31/functions/:name/invocations'];

/** Some clients encode the `@`: routed all the same, while the signature is over the path as it came. */
export const routedUrl = (url: string): string => url.replace(/%40connections\//iu, '@connections/');

const send = (reply: FastifyReply, { status, headers, body }: AwsAnswer): FastifyReply => {
  reply.code(status).headers(headers);
  return body === undefined ? reply.header('content-length', '0').send() : reply.send(body);
};

/** Serves the calls of AWS: `@connections`, and the invocation of `broadcast`. */
export const serveAws = async (app: FastifyInstance, options: AwsCallOptions): Promise<void> => {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const [rawPath = '', ...query] = request.originalUrl.split('?');
      const answer = await answerAwsCall(
        {
          method: request.method,
          rawPath,
          rawQuery: query.join('?'),
          headers: request.raw.headersDistinct,
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        },
        options,
      );
      return answer === undefined ? sendRefusal(reply, notFound()) : send(reply, answer);
    };
    for (const url of PATHS) scope.route({ method: [...METHODS], url, handler, exposeHeadRoute: false });
  });
};
