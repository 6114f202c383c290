import type { Awaitable } from './awaitable.js';

/** What may come due. Plain JSON: a due event is a hint, and the owner's own state decides when it fires. */
export type DueEvent =
  | { readonly kind: 'token-expiring'; readonly connectionId: string }
  | { readonly kind: 'token-expired'; readonly connectionId: string }
  | { readonly kind: 'token-grace'; readonly connectionId: string }
  | { readonly kind: 'trim' }
  | { readonly kind: 'sweep' };

export interface Schedule {
  /** `dueAt` is Unix milliseconds. A key that is set is moved. */
  set(key: string, dueAt: number, event: DueEvent): Awaitable<void>;
  cancel(key: string): Awaitable<void>;
}
