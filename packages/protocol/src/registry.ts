import type { z } from 'zod';
import type { CallContract } from './contract.js';
import { actions } from './generated/actions.js';
import { calls } from './generated/calls.js';
import { pushes } from './generated/pushes.js';

export { actions, calls, pushes };

export type Actions = typeof actions;
export type ActionName = keyof Actions;
export type ActionInput<A extends ActionName> = z.output<Actions[A]['input']>;
/** What a client may send: fields with a default may be left out. */
export type ActionData<A extends ActionName> = z.input<Actions[A]['input']>;
type Replies<A extends ActionName> = Actions[A]['replies'];
export type ActionReply<A extends ActionName> = {
  [T in keyof Replies<A> & string]: { type: T; data: z.input<Replies<A>[T] & z.ZodType> };
}[keyof Replies<A> & string];

export type Pushes = typeof pushes;
export type PushType = keyof Pushes;
export type PushData<P extends PushType> = z.input<Pushes[P]['data']>;

export type Calls = typeof calls;
export type CallName = keyof Calls;
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
export type CallParams<C extends CallName> = Parsed<Calls[C]['params']>;
export type CallQuery<C extends CallName> = Parsed<Calls[C]['query']>;
type One<C extends CallName> = Parsed<Calls[C]['body']>;
/** A call that takes a list is always handed a list. */
export type CallBody<C extends CallName> = Calls[C] extends { many: number } ? One<C>[] : One<C>;
type OneReply<C extends CallName> = Calls[C]['reply'] extends z.ZodType ? z.input<Calls[C]['reply']> : undefined;
export type CallReply<C extends CallName> = OneReply<C>;

export const isAction = (name: string): name is ActionName => Object.hasOwn(actions, name);

const repliesOf = (contract: { replies: Readonly<Record<string, z.ZodType>> }): string[] =>
  Object.keys(contract.replies);

/** The types that a publisher may not use for its own events: our replies and pushes, but for those that are published. */
export const reservedTypes: ReadonlySet<string> = new Set([
  'error',
  ...Object.values(actions).flatMap(repliesOf),
  ...Object.values(pushes).flatMap((push) => ('stream' in push && push.stream !== undefined ? [] : [push.type])),
]);

/** Every call, without its exact types. */
export const callList: readonly CallContract[] = Object.values(calls);
