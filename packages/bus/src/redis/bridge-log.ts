import type { NewEvent } from '@aideals/core';
import type { CommandLink } from './command-link.js';
import type { IntakeLog } from './intake.js';

/** An event that somebody published on Redis, for a deployment that does not hear it. */
export interface BridgedEvent {
  readonly event: NewEvent;
  /** Names it, 1 to 255 characters: the same wherever it was heard, and for each time that it was published another. */
  readonly key: string;
}

export interface BridgeLogOptions {
  readonly commands: CommandLink;
  readonly prefix: string;
  /** Makes a short random name. */
  readonly name: () => string;
  /** Takes events in the order in which they were heard; where it resolves late, what comes after them waits. */
  readonly take: (events: readonly BridgedEvent[]) => Promise<void>;
}

/** How long it is remembered how often a message was heard: longer than one is counted after it was published. */
const COUNTED_MS = 60_000;
const DIGEST_CHARS = 40;

/**
 * Counts, for each bridge, how often it heard each message, and names that occurrence. The count begins anew, under another
 * name, a minute after the last one of them. A call that is repeated, since its answer was lost, counts nothing.
 */
const SCRIPT = `
local at = redis.call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)
local node, call, name = ARGV[2], ARGV[3], ARGV[4]
local last = redis.call('HMGET', KEYS[1], 'call', 'answer')
if last[1] == call then return {tostring(now), last[2]} end
local found = {}
for i = 6, #ARGV, 2 do
  local told = ''
  if now <= tonumber(ARGV[i + 1]) then
    local key = ARGV[1] .. ARGV[i]
    redis.call('HSETNX', key, 'name', name)
    local count = redis.call('HINCRBY', key, 'of:' .. node, 1)
    redis.call('PEXPIRE', key, ARGV[5])
    told = redis.call('HGET', key, 'name') .. '.' .. count
  end
  found[#found + 1] = told
end
local answer = table.concat(found, ',')
redis.call('HSET', KEYS[1], 'call', call, 'answer', answer)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {tostring(now), answer}
`;

/**
 * In place of the log on Redis, for a bridge: what was heard gets a name and is handed on. Two bridges side by side give the
 * same message the same name, so that whoever takes it from both knows it for one.
 */
export const bridgeLog = ({ commands, prefix, name, take }: BridgeLogOptions): IntakeLog => {
  // All that belongs to the log is in one slot of a cluster.
  const key = (rest: string): string => `${prefix}.{log}:bridge:${rest}`;
  return {
    async take(node, call, messages) {
      const args = [key('heard:'), node, String(call), name(), String(COUNTED_MS)];
      for (const { digest, until } of messages) args.push(digest, String(Math.floor(until)));
      const words = ['EVAL', SCRIPT, '1', key(`node:${node}`), ...args];
      const [time, answer] = await commands.run((client) => client.sendCommand<[string, string]>(words));
      const occurrences = answer.split(',');
      const events = messages.flatMap(({ digest, event }, n): BridgedEvent[] => {
        const occurrence = occurrences[n] ?? '';
        return occurrence === '' ? [] : [{ event, key: `bridge:${digest.slice(0, DIGEST_CHARS)}:${occurrence}` }];
      });
      if (events.length > 0) await take(events);
      return { time: Number(time), taken: events.length, late: messages.length - events.length };
    },
  };
};
