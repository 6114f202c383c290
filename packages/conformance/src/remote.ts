import { http } from './http.js';
import type { Target } from './target.js';

const unable = async (): Promise<never> => {
  throw new Error('a deployment that runs elsewhere cannot be started or stopped');
};

/** A deployment that runs already, at any URL. `secret` signs its tokens by HS256. */
export const remote = (url: string, secret: string, kind: Target['kind']): Target => {
  const base = new URL(url.replace(/^ws/u, 'http')).origin;
  return {
    name: base,
    kind,
    nodes: 1,
    isEmbedded: false,
    settable: false,
    start: async () => ({
      url: base,
      secret,
      apiKeys: undefined,
      call: (method, path, options) => http(base, method, path, options),
      stop: async () => undefined,
      process: undefined,
    }),
    revive: unable,
    fail: unable,
  };
};
