/** Where the token of this tab comes from. It stands in no address that is sent, and ends with the tab. */
const KEY = 'aideals.token';

type Place = Pick<Location, 'hash' | 'pathname' | 'search'>;
type Past = Pick<History, 'replaceState'>;
type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** The token in a fragment such as `#token=…`, or undefined. */
export const tokenIn = (hash: string): string | undefined => {
  const token = new URLSearchParams(hash.replace(/^#/u, '')).get('token')?.trim();
  return token === '' ? undefined : token;
};

/** What someone pasted: a token, or the whole link that carries one. */
export const tokenFrom = (text: string): string | undefined => {
  const fragment = text.indexOf('#');
  const token = fragment === -1 ? text.trim() : tokenIn(text.slice(fragment).trim());
  return token === undefined || token === '' || /\s/u.test(token) ? undefined : token;
};

/** Takes the token out of the address bar, if one is there, and tells the one of this tab. */
export const takeToken = (place: Place, past: Past, store: Store): string | undefined => {
  const token = tokenIn(place.hash);
  if (token === undefined) return store.getItem(KEY) ?? undefined;
  past.replaceState(null, '', `${place.pathname}${place.search}`);
  store.setItem(KEY, token);
  return token;
};

export const keepToken = (token: string, store: Store): void => store.setItem(KEY, token);

export const forgetToken = (store: Store): void => store.removeItem(KEY);
