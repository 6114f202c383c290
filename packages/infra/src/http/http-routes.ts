import { callList } from '@aideals/protocol';

/** A route of the HTTP API: `POST /v1/broadcast`. */
export interface HttpRouteFacts {
  readonly method: string;
  readonly path: string;
}

/** What a deployment tells of itself. */
const OWN = ['/healthz', '/readyz', '/openapi.json', '/asyncapi.json'];

/** Every route, from the contracts: a new call is a new route. */
export const httpRoutes: readonly HttpRouteFacts[] = [
  ...callList.map(({ method, path }) => ({ method, path })),
  ...OWN.map((path) => ({ method: 'GET', path })),
];

/** What a page of another origin may ask with. */
export const httpMethods: readonly string[] = [...new Set(httpRoutes.map(({ method }) => method))].sort();
