import type { CommandLink } from './command-link.js';

/** How the server that holds the log is. */
export interface RedisFacts {
  readonly role: string;
  readonly version: string;
  /** Of one question and its answer, in milliseconds. */
  readonly latencyMs: number;
  readonly usedBytes: number;
  /** What it may use; undefined where that is not bounded. */
  readonly maxBytes: number | undefined;
  /** What to mend, a line each. */
  readonly warnings: readonly string[];
}

/** Answers all of `INFO` that is used, from the server that owns the key. */
const LOOK = `return redis.call('INFO', 'server') .. redis.call('INFO', 'memory') .. redis.call('INFO', 'replication')`;

const ALMOST_FULL = 0.9;

export const factsOf = async (commands: CommandLink, logKey: string): Promise<RedisFacts> => {
  const asked = performance.now();
  const text = await commands.run((client) => client.sendCommand<string>(['EVAL', LOOK, '1', logKey]));
  const latencyMs = performance.now() - asked;
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'mu').exec(text)?.[1] ?? '';
  const [usedBytes, max, policy] = [
    Number(field('used_memory')),
    Number(field('maxmemory')),
    field('maxmemory_policy'),
  ];
  const warnings: string[] = [];
  if (max > 0 && policy.startsWith('allkeys')) {
    warnings.push(`maxmemory-policy is ${policy}: Redis may throw the log of events away; set noeviction`);
  }
  if (max > 0 && usedBytes > max * ALMOST_FULL) {
    warnings.push(`Redis uses ${usedBytes} of ${max} bytes: when it is full it takes no more events`);
  }
  return {
    role: field('role'),
    version: field('redis_version'),
    latencyMs,
    usedBytes,
    maxBytes: max > 0 ? max : undefined,
    warnings,
  };
};
