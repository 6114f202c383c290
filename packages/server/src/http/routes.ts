import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { sendRefusal, wrongMethod } from './answers.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** Which methods each path takes, so that all others are answered with 405 and not with 404. */
export class Routes {
  readonly #methods = new Map<string, Set<string>>();

  add(method: HTTPMethods, url: string): void {
    const methods = this.#methods.get(url) ?? new Set();
    methods.add(method);
    if (method === 'GET') methods.add('HEAD');
    this.#methods.set(url, methods);
  }

  get(app: FastifyInstance, url: string, handler: Handler): void {
    this.add('GET', url);
    app.get(url, handler);
  }

  /** To be called when all routes are there. */
  refuseOthers(app: FastifyInstance): void {
    for (const [url, methods] of this.#methods) {
      const others = METHODS.filter((method) => !methods.has(method));
      const refusal = wrongMethod([...methods]);
      app.route({
        method: [...others],
        url,
        // Before the body is looked at: it does not matter.
        onRequest: async (_, reply) => sendRefusal(reply, refusal),
        handler: async () => undefined,
      });
    }
  }
}
