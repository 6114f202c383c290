/** Which pages of browsers may come in. */
export interface OriginRules {
  /** Undefined where nothing is configured. */
  readonly allowed: readonly string[] | undefined;
  readonly isProduction: boolean;
}

/** A host as the scheme of an origin writes it: without the port that goes without saying. */
const hostOf = (protocol: string, host: string): string | undefined => {
  const url = `${protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
};

/**
 * Whether a page of this origin may connect and call. Who sends no `Origin` is no browser. `host` is what the client asked
 * for, by its own word or by that of a trusted proxy.
 */
export const isOriginAllowed = (
  origin: string | undefined,
  host: string | undefined,
  { allowed, isProduction }: OriginRules,
): boolean => {
  if (origin === undefined) return true;
  if (origin === 'null') return allowed?.includes('null') ?? false;
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (allowed !== undefined) return allowed.includes('*') || allowed.includes(url.origin);
  if (!isProduction) return true;
  return host !== undefined && hostOf(url.protocol, host) === url.host;
};
