import type { FunctionName } from './names.js';

/** Actions on one table. There is no scan, and nothing that changes a table. */
type Actions = readonly string[];

export interface FunctionFacts {
  readonly description: string;
  /** MiB; the share of a processor grows with it. */
  readonly memory: number;
  readonly timeoutSeconds: number;
  /** Invocations at once, kept for this function and held to it. */
  readonly concurrency: number;
  readonly tables: { readonly aideals: Actions; readonly connections: Actions; readonly subscriptions: Actions };
  /** What it may start: itself, to go on in an invocation of its own, and the function `broadcast`, as a worker. */
  readonly starts: readonly ('self' | 'broadcast')[];
  /** Whether it sends to connections, looks whether they are open, and closes them. */
  readonly reaches: boolean;
  /** Of invocations that nobody waits for. */
  readonly retries?: number;
  readonly maxAgeSeconds?: number;
}

const WHOLE: Actions = [
  'GetItem',
  'BatchGetItem',
  'Query',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'DescribeTable',
];

/** A connection that is found gone is forgotten by whoever finds it. */
const FORGET = {
  connections: ['DeleteItem'],
  subscriptions: ['BatchWriteItem'],
} as const;

const ONE_FRAME = { memory: 512, timeoutSeconds: 29, starts: ['self', 'broadcast'], reaches: true } as const;

/** What each function is given, and no more. */
export const catalogue: Readonly<Record<FunctionName, FunctionFacts>> = {
  'aideals-websocket-connect': {
    ...ONE_FRAME,
    description: 'Lets connections in, and hands over what waits for them',
    concurrency: 100,
    tables: { aideals: WHOLE, ...FORGET, connections: ['PutItem', 'DeleteItem'] },
    // A hand-over that comes minutes late has been done by the first frame, or is the next connection's.
    maxAgeSeconds: 300,
  },
  'aideals-websocket-disconnect': {
    ...ONE_FRAME,
    description: 'Forgets connections that were closed',
    concurrency: 50,
    tables: { aideals: ['Query', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'], ...FORGET },
    starts: [],
    reaches: false,
  },
  'aideals-websocket-default': {
    ...ONE_FRAME,
    description: 'Answers pings and messages that name no action',
    concurrency: 50,
    tables: { aideals: WHOLE, ...FORGET },
  },
  'aideals-websocket-message': {
    ...ONE_FRAME,
    description: 'Messages, acknowledgements and tokens',
    concurrency: 150,
    // A refreshed token is noted on the rows by which publishers find the connection.
    tables: { aideals: WHOLE, ...FORGET, subscriptions: ['UpdateItem', 'BatchWriteItem'] },
  },
  'aideals-websocket-subscription': {
    ...ONE_FRAME,
    description: 'Subscriptions, and the replay of what was missed',
    concurrency: 100,
    tables: { aideals: WHOLE, ...FORGET, subscriptions: ['PutItem', 'UpdateItem', 'BatchWriteItem'] },
  },
  broadcast: {
    ...ONE_FRAME,
    description: 'Publishes events, and sends them as a worker',
    memory: 1024,
    timeoutSeconds: 60,
    concurrency: 50,
    tables: { aideals: WHOLE, ...FORGET, subscriptions: ['Query', 'BatchWriteItem'] },
    starts: ['broadcast'],
  },
  'aideals-http': {
    ...ONE_FRAME,
    description: 'The HTTP API',
    concurrency: 50,
    tables: { aideals: WHOLE, ...FORGET, subscriptions: ['Query', 'BatchWriteItem'] },
    starts: ['broadcast'],
  },
  'aideals-sweep': {
    ...ONE_FRAME,
    description: 'Each minute: tokens that end, connections that were never heard to leave, what is beyond retention',
    timeoutSeconds: 55,
    // Two at once would do the same work twice.
    concurrency: 1,
    tables: { aideals: WHOLE, ...FORGET },
    starts: ['broadcast'],
    // The next comes in a minute and finds what this one left.
    retries: 0,
    maxAgeSeconds: 60,
  },
};
