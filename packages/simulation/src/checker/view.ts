import type { JsonObject } from '@aideals/protocol';
import type { Conn, Pending } from './conn.js';
import type { Rules, Seen, SeenOf } from './trace.js';
import { gather, type Truth } from './truth.js';

/** What all laws look at: the trace so far, as connections, and the whole trace, as the truth of the log. */
export class View {
  readonly truth: Truth;
  readonly rules: Rules;
  readonly conns: Map<string, Conn> = new Map();
  life = 0;
  up = false;
  faults = 0;
  clock = 0;
  latest = 0;
  /** The frame that is answered by what was just received. */
  request: Pending | undefined;
  /** Whether what was just received is a refresh of a token that had expired: what was kept back follows. */
  woken = false;

  constructor(trace: readonly Seen[], rules: Rules) {
    this.truth = gather(trace);
    this.rules = rules;
  }

  conn(id: string): Conn {
    const conn = this.conns.get(id);
    if (conn === undefined) throw new Error(`the trace speaks of ${id}, which was never dialled`);
    return conn;
  }

  *open(): Generator<Conn> {
    for (const conn of this.conns.values()) {
      if (conn.accepted !== undefined && conn.closed === undefined) yield conn;
    }
  }

  see(item: Seen): void {
    this.request = undefined;
    this.woken = false;
    this.clock = item.clock;
    this.latest = Math.max(this.latest, item.clock);
    switch (item.kind) {
      case 'started':
        this.life += 1;
        this.up = true;
        return;
      case 'crashed':
        this.up = false;
        return;
      case 'fault':
        this.faults += 1;
        return;
      case 'clock':
        for (const conn of this.conns.values()) if (conn.closed === undefined) this.#watch(conn, item);
        return;
      case 'quiet':
        for (const conn of this.open()) conn.settled = conn.lapsed ? undefined : (conn.settled ?? item.index);
        return;
      case 'dial':
        this.#dial(item);
        return;
      case 'accepted':
        this.conn(item.conn).accepted = item.index;
        return;
      case 'refused':
        this.conn(item.conn).closed = item.index;
        return;
      case 'stalled':
        this.conn(item.conn).stalled = true;
        return;
      case 'closed':
        this.conn(item.conn).closed = item.index;
        return;
      case 'sent': {
        const conn = this.conn(item.conn);
        conn.pending.push({ ...item, faults: this.faults, lapsed: conn.lapsed });
        if (item.request.action === 'refreshToken') this.#asked(conn, item);
        return;
      }
    }
  }

  #dial(item: SeenOf<'dial'>): void {
    const conn: Conn = {
      id: item.conn,
      user: item.user,
      client: item.client,
      role: item.role,
      life: this.life,
      faults: this.faults,
      dialled: item.index,
      accepted: undefined,
      closed: undefined,
      settled: undefined,
      stalled: false,
      exps: [item.exp],
      crossed: undefined,
      lapsed: false,
      expiredFrom: undefined,
      pending: [],
      subs: new Map(),
      wishes: [],
      replays: [],
      events: new Set(),
      live: -1,
      conflated: 0,
      missing: new Set(),
    };
    this.conns.set(item.conn, conn);
    this.#watch(conn, item);
  }

  #asked(conn: Conn, item: SeenOf<'sent'>): void {
    const exp = expiryOf(item.request.data);
    if (exp === undefined) return;
    conn.exps.push(exp);
    this.#watch(conn, item);
  }

  #watch(conn: Conn, { clock, step, index }: Seen): void {
    const past = (exp: number): boolean => clock >= exp * 1000;
    conn.crossed = conn.exps.every(past) ? (conn.crossed ?? step) : undefined;
    if (past(conn.exps[0] as number)) {
      conn.lapsed = true;
      conn.expiredFrom ??= index;
    } else conn.expiredFrom = undefined;
  }

  /** The connection's token is another one now. */
  refreshed(conn: Conn, exp: number, item: Seen): void {
    const asked = conn.exps.indexOf(exp, 1);
    this.woken = conn.lapsed;
    conn.exps = [exp, ...conn.exps.slice(Math.max(asked, 0) + 1)];
    conn.lapsed = false;
    conn.expiredFrom = undefined;
    conn.settled = undefined;
    this.#watch(conn, item);
  }
}

/** When a token of the simulation expires: `<user>:<exp>:<number>`. */
export const expiryOf = (data: JsonObject): number | undefined => {
  const token = data['token'];
  if (typeof token !== 'string') return undefined;
  const exp = Number(token.split(':')[1]);
  return Number.isInteger(exp) ? exp : undefined;
};
