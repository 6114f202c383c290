/** What is asked, by name; see `defaults` in model.mjs for what each is. */
export type Asked = Record<
  | 'connections'
  | 'sessionMinutes'
  | 'events'
  | 'eventsPerCall'
  | 'eventBytes'
  | 'matching'
  | 'retentionSeconds'
  | 'messages'
  | 'online'
  | 'notifications'
  | 'messageBytes'
  | 'messageDays'
  | 'nodeMemoryGib'
  | 'nodeCores'
  | 'headroom',
  number
>;

export interface Needs {
  readonly rates: { readonly connects: number; readonly deliveries: number; readonly mebibitsPerSecond: number };
  readonly nodes: {
    readonly nodes: number;
    readonly byCpu: number;
    readonly byMemory: number;
    readonly connectionsPerNode: number;
  };
  readonly redis: { readonly cores: number; readonly memoryGib: number; readonly isEnough: boolean };
  readonly dynamo: {
    readonly writes: number;
    readonly reads: number;
    readonly storedGib: number;
    readonly dollarsPerMonth: number;
  };
}

export const defaults: Asked;
export function capacity(
  asked: Asked,
  measured: {
    readonly cost: typeof import('./measured.json')['cost'];
    readonly prices: typeof import('./measured.json')['prices'];
  },
): Needs;
