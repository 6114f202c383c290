/** Where messages of a kind go. */
export interface Route {
  /** `$connect`, `$disconnect`, `$default`, or a value of the route selection expression. */
  readonly routeKey: string;
  readonly functionName: string;
  /** Whether what the function returns as its body is sent to the client. */
  readonly routeResponse?: boolean;
}

/** Keys that are no client’s to name. */
const RESERVED: ReadonlySet<string> = new Set(['$connect', '$disconnect', '$default']);

/** The value of `$request.body.action` in a message; undefined where there is none. */
const actionOf = (text: string): string | undefined => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !Object.hasOwn(body, 'action'))
    return undefined;
  const { action } = body as { action: unknown };
  return typeof action === 'object' ? undefined : String(action);
};

/** The routes of an API whose route selection expression is `$request.body.action`. */
export class Routes {
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(routes: readonly Route[]) {
    this.#routes = new Map(routes.map((route) => [route.routeKey, route]));
  }

  get connect(): Route | undefined {
    return this.#routes.get('$connect');
  }

  get disconnect(): Route | undefined {
    return this.#routes.get('$disconnect');
  }

  /** The route of a message; undefined where there is none, not even `$default`. */
  select(text: string): Route | undefined {
    const action = actionOf(text);
    const named = action === undefined || RESERVED.has(action) ? undefined : this.#routes.get(action);
    return named ?? this.#routes.get('$default');
  }
}
