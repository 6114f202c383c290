import { createHash } from 'node:crypto';

/** What the adapters need of a connection to Redis: words go there, an answer comes back. */
export interface RedisCommands {
  /** Rejects at once where Redis is out of reach. What Redis itself refuses is rejected with its own words. */
  send(words: readonly (string | Buffer)[]): Promise<unknown>;
}

export interface Script {
  readonly text: string;
  readonly sha: string;
}

export const scriptOf = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/** Runs a script by its name; Redis is told the text where it does not know it (a new server, one that was flushed). */
export const runScript = async (
  redis: RedisCommands,
  script: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> => {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await redis.send(['EVALSHA', script.sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.send(['EVAL', script.text, ...rest]);
  }
};
