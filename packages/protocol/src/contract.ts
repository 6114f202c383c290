import type { z } from 'zod';
import type { ErrorCode } from './errors.js';
import type { Json, JsonObject } from './json.js';

/** The token bucket that pays for a frame or a call. */
export type LimitClass = 'connect' | 'sendMessage' | 'subscribe' | 'other' | 'publish';

/** What a token or key must grant. */
export type Scope = 'publish' | 'admin';

/** The function that serves an action in the serverless deployment. */
export type LambdaGroup = 'message' | 'subscription' | 'default';

/** Something that must exist before an example can run, and what to remember of its answer by JSON pointer: an HTTP call … */
interface GivenCall {
  readonly call: string;
  readonly body: Json;
  readonly keep: Readonly<Record<string, string>>;
}

/** … or an action on the same connection. */
interface GivenAction {
  readonly action: string;
  readonly data: JsonObject;
  readonly keep: Readonly<Record<string, string>>;
}

type Given = GivenCall | GivenAction;

/**
 * A frame and its answer, shown in the documents and run against every deployment. In strings, `$self` is the user who
 * runs it and `$name` a value kept by `given`; fields of the answer that no one can foretell are named in `varies`.
 */
export interface ActionExample {
  readonly title: string;
  readonly given?: readonly Given[];
  readonly data?: JsonObject;
  readonly reply: { readonly type: string; readonly data: JsonObject };
  readonly varies?: readonly string[];
}

export interface ActionContract<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Replies extends Readonly<Record<string, z.ZodType>> = Readonly<Record<string, z.ZodType>>,
> {
  readonly action: Name;
  readonly summary: string;
  /** A paragraph of Markdown. */
  readonly description: string;
  /** The shape of `data`. A strict object refuses unknown fields, any other ignores them. */
  readonly input: Input;
  /** The `data` of each type that may answer. */
  readonly replies: Replies;
  /** What it may raise besides VALIDATION_ERROR, AUTHENTICATION_ERROR, RATE_LIMIT_EXCEEDED and INTERNAL_ERROR, which any may. */
  readonly errors: readonly ErrorCode[];
  readonly limit: LimitClass;
  readonly lambda: LambdaGroup;
  /** What the token must grant, where it must grant anything. */
  readonly scope?: Scope;
  /** May start before an earlier pipelined one of the same connection is done; for actions that only store. */
  readonly pipelined?: true;
  /** Changes what events the connection is owed: never while a page of a replay is being read or given. */
  readonly betweenPages?: true;
  readonly examples: readonly ActionExample[];
}

export const defineAction = <
  const Name extends string,
  Input extends z.ZodType,
  Replies extends Readonly<Record<string, z.ZodType>>,
>(
  contract: ActionContract<Name, Input, Replies>,
): ActionContract<Name, Input, Replies> => contract;

export interface PushContract<Type extends string = string, Data extends z.ZodType = z.ZodType> {
  readonly type: Type;
  readonly summary: string;
  readonly description: string;
  readonly data: Data;
  /** A stream event carries `topic` and `id` in its envelope; with `conflate`, the first of these fields of `data` that is there is its key. */
  readonly stream?: { readonly conflate: readonly string[] };
  readonly example: JsonObject;
}

export const definePush = <const Type extends string, Data extends z.ZodType>(
  contract: PushContract<Type, Data>,
): PushContract<Type, Data> => contract;

export interface CallContract<
  Name extends string = string,
  Params extends z.ZodType | undefined = z.ZodType | undefined,
  Query extends z.ZodType | undefined = z.ZodType | undefined,
  Body extends z.ZodType | undefined = z.ZodType | undefined,
  Reply extends z.ZodType | undefined = z.ZodType | undefined,
  Many extends number | undefined = number | undefined,
> {
  readonly call: Name;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** What the token or key must grant; undefined where a user’s token is enough, for what is that user’s own. */
  readonly scope: Scope | undefined;
  readonly limit: LimitClass;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body may be a list of up to so many; the answer is a list then too, and all or nothing is done. Undefined: it may not. */
  readonly many: Many;
  /**
   * Takes a stream of lines too, each a body, as `application/x-ndjson`: this is the answer then. They are taken in their
   * order, and not all or nothing.
   */
  readonly lines?: z.ZodType;
  /** Takes an `Idempotency-Key` header. */
  readonly idempotent?: true;
  /** The body of a 200; where there is none, success is 204. */
  readonly reply: Reply;
  readonly errors: readonly ErrorCode[];
  /** Further statuses than those that every call may answer. */
  readonly statuses?: Readonly<Record<number, string>>;
  readonly example: {
    readonly params?: JsonObject;
    readonly query?: JsonObject;
    readonly body?: Json;
    readonly reply?: Json;
  };
}

export const defineCall = <
  const Name extends string,
  Params extends z.ZodType | undefined,
  Query extends z.ZodType | undefined,
  Body extends z.ZodType | undefined,
  Reply extends z.ZodType | undefined,
  Many extends number | undefined,
>(
  contract: CallContract<Name, Params, Query, Body, Reply, Many>,
): CallContract<Name, Params, Query, Body, Reply, Many> => contract;
