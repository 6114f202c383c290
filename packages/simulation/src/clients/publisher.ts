import type { CallName, JsonObject } from '@aideals/protocol';
import type { World } from '../world.js';
import { someEvent } from './deals.js';

/** Something that a backend wants done, and asks for again until it is. */
interface Intent {
  readonly logical: string;
  readonly name: CallName;
  readonly body: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly key: string | undefined;
}

/** A backend: it publishes, notifies, and repeats what may have been lost, or was not. */
export class Publisher {
  readonly #world: World;
  readonly #keyed: Intent[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  publish(count: number): void {
    const { random } = this.#world;
    const events = Array.from({ length: count }, () => someEvent(random, this.#world.name('e')));
    const body = count === 1 && random.chance(0.7) ? (events[0] as JsonObject) : events;
    this.#intend('broadcast', JSON.stringify(body));
  }

  /** Notifies some users, each perhaps more than once. */
  notify(users: readonly string[], expiresAt: number | undefined): void {
    const [userId] = users;
    const to = users.length === 1 && userId !== undefined ? { userId } : { userIds: users };
    const body = {
      ...to,
      title: this.#world.name('n'),
      message: 'look',
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    this.#intend('notifications', JSON.stringify(body));
  }

  /** Repeats something under its key, whether it needs to be or not. */
  repeat(): void {
    if (this.#keyed.length > 0) this.#call(this.#world.random.pick(this.#keyed));
  }

  /** Uses a key again for something else, by mistake. */
  mistake(): void {
    if (this.#keyed.length === 0) return;
    const intent = this.#world.random.pick(this.#keyed);
    const event = someEvent(this.#world.random, this.#world.name('e'));
    const other = intent.name === 'broadcast' ? event : { userId: 'u0', title: this.#world.name('n'), message: 'oh' };
    this.#call({ ...intent, logical: this.#world.name('p'), body: JSON.stringify(other) });
  }

  dismiss(connectionId: string): void {
    const logical = this.#world.name('p');
    this.#call({ logical, name: 'closeConnection', body: undefined, params: { id: connectionId }, key: undefined });
  }

  #intend(name: CallName, body: string): void {
    const key = this.#world.random.chance(0.6) ? this.#world.name('k') : undefined;
    const intent = { logical: this.#world.name('p'), name, body, params: {}, key };
    if (key !== undefined) this.#keyed.push(intent);
    this.#call(intent);
    if (key !== undefined && this.#world.random.chance(0.05)) this.#call(intent);
  }

  #call({ logical, name, body, params, key }: Intent): void {
    const { life, scheduler } = this.#world;
    if (life === undefined) return;
    const call = this.#world.calls++;
    this.#world.see({ kind: 'called', call, logical, name, body, params, key });
    const raw = { call: name, params, query: {}, body, idempotencyKey: key };
    const ask = async (): Promise<void> => {
      const { status, body: answer, replayed = false } = await life.call(raw);
      const told = { kind: 'answered', call, status, body: answer, replayed } as const;
      scheduler.add(() => this.#world.see(told), life);
    };
    scheduler.add(() => void ask(), life);
  }
}
