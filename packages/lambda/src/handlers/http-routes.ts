import { type CallName, callList } from '@aideals/protocol';

/** A call found by method and path, or what the path takes, or nothing. */
export type Routed =
  | { readonly call: CallName; readonly params: Readonly<Record<string, string>> }
  | { readonly allowed: readonly string[] };

const segmentsOf = (path: string): readonly string[] => path.split('/');

const routes = callList.map(({ call, method, path }) => ({
  call: call as CallName,
  method: method as string,
  segments: segmentsOf(path),
}));

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const paramsOf = (pattern: readonly string[], given: readonly string[]): Record<string, string> | undefined => {
  if (pattern.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const value = given[i] as string;
    const name = /^\{(\w+)\}$/u.exec(part)?.[1];
    if (name === undefined ? part !== value : value === '') return undefined;
    if (name !== undefined) params[name] = decoded(value);
  }
  return params;
};

/** Undefined where the path is not one of the calls'. */
export const route = (method: string, path: string): Routed | undefined => {
  const given = segmentsOf(path);
  const allowed: string[] = [];
  for (const each of routes) {
    const params = paramsOf(each.segments, given);
    if (params === undefined) continue;
    if (each.method === method || (method === 'HEAD' && each.method === 'GET')) return { call: each.call, params };
    allowed.push(...(each.method === 'GET' ? ['GET', 'HEAD'] : [each.method]));
  }
  return allowed.length === 0 ? undefined : { allowed };
};
