import type { Principal } from './principal.js';

export interface ApiKey {
  readonly name: string;
  readonly key: string;
  readonly scopes: readonly string[];
}

/** Finds who holds a key. Digests are compared, so that the time taken tells nothing of the key. */
export const apiKeyIndex = (
  keys: readonly ApiKey[],
  digest: (text: string) => string,
): ((given: string) => Principal | undefined) => {
  const principals = new Map<string, Principal>(
    keys.map(({ name, key, scopes }) => [digest(key), { kind: 'key', name, scopes }]),
  );
  return (given) => principals.get(digest(given));
};
