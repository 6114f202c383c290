import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { authorization } from '../credentials/presented.js';
import { parseCount, parseDuration } from '../option-values.js';
import { resolveTarget } from '../target.js';
import { UserError, wrongUse } from '../user-error.js';

interface Options {
  url?: string;
  token?: string;
  apiKey?: string;
  retryFor: string;
  atOnce: string;
}

const MOST_AT_ONCE = 256;
/** Events that wait for the deployment, at most; after that the bridge hears, and keeps, fifty thousand messages more. */
const ROOM = 20_000;
const TELL_MS = 60_000;
/** What is still to be published when it is told to end has this long. */
const END_MS = 20_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const warn = (line: string): void => void process.stderr.write(`aideals bridge: ${line}\n`);

const run = async (options: Options): Promise<void> => {
  const patienceMillis = parseDuration(options.retryFor, '--retry-for') * 1000;
  const atOnce = parseCount(options.atOnce, '--at-once', 1, MOST_AT_ONCE);
  const { env } = process;
  const base = resolveTarget(options.url, env).http;
  const [bus, { outsideEvent }, { heardRedis }, { Account }, { Lanes }, { postTo, reasonAgainst }] = await Promise.all([
    import('@aideals/bus'),
    import('@aideals/core'),
    import('../bridge/heard-redis.js'),
    import('../bridge/account.js'),
    import('../bridge/lanes.js'),
    import('../bridge/post.js'),
  ]);
  const { address, prefix, messageBytes } = heardRedis(env);
  const credentials =
    options.token === undefined ? { apiKey: options.apiKey ?? (env['AIDEALS_API_KEY'] || undefined) } : options;
  const posting = {
    base,
    authorization: await authorization(credentials, env, { sub: 'aideals-bridge', scopes: ['publish'] }),
    fetch,
    now: Date.now,
  };
  const against = await reasonAgainst(posting);
  if (against !== undefined) throw new UserError(`${base} ${against}`);

  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const account = new Account(warn, Date.now);
  const hurry = new AbortController();
  let isOver = false;
  const lanes = new Lanes({
    ...{ account, patienceMillis, atOnce, room: ROOM, now: Date.now, random: Math.random },
    post: postTo(posting),
    pause: (millis) => sleep(millis, undefined, { signal: hurry.signal }).catch(() => undefined),
  });
  const node = await bus
    .openRedis({
      ...{ address, prefix },
      onError: () => undefined,
      onState: (failure) => {
        if (isOver) return;
        warn(
          failure === undefined
            ? 'Redis is back; what was published meanwhile was not heard'
            : `Redis is away: ${failure.message}`,
        );
      },
    })
    .catch((error: unknown) => {
      throw error instanceof bus.RedisSettingError ? wrongUse(error.message) : error;
    });
  const name = randomBytes(9).toString('base64url');
  const intake = bus.redisIntake({
    subscriber: node.subscriber,
    prefix,
    node: name,
    log: bus.bridgeLog({
      commands: node.commands,
      prefix,
      name: () => randomBytes(9).toString('base64url'),
      take: (events) => lanes.take(events),
    }),
    read: (topic, text) => outsideEvent(topic, text, Date.now(), messageBytes),
    report: (summary) => account.heard(summary),
  });
  await intake.start();
  const telling = setInterval(() => account.tell(lanes.waiting), TELL_MS);
  say(`aideals bridge hears ${prefix}:* at ${bus.shownAddress(address)} and publishes it at ${base}`);
  await asked;
  say('Ending …');
  clearInterval(telling);
  const late = setTimeout(() => {
    hurry.abort();
    void lanes.end();
  }, END_MS);
  await intake.stop();
  await lanes.empty();
  clearTimeout(late);
  account.tell(lanes.waiting);
  isOver = true;
  node.close();
};

export const addBridge = (program: Command): void => {
  program
    .command('bridge')
    .description(
      'hear what others publish on Redis, and publish it at a deployment that cannot hear it, such as functions',
    )
    .option(
      '--url <url>',
      'of its HTTP API (default: AIDEALS_HTTP_URL, else WEBSOCKET_API_GATEWAY_URL, else this machine)',
    )
    .option('--token <jwt>', 'a token with the scope publish (default: made with JWT_SECRET, as `aideals token` does)')
    .option('--api-key <key>', 'an API key in its place (default: AIDEALS_API_KEY)')
    .option('--retry-for <time>', 'how long an event is tried again when the deployment is away or busy', '15m')
    .option('--at-once <n>', 'topics that are served side by side, each in the order of its events', '16')
    .addHelpText(
      'after',
      `
Redis is where REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_SSL, AIDEALS_REDIS_USERNAME or AIDEALS_REDIS_URL say, and each
message {type, data, timestamp} on the channel <AIDEALS_REDIS_PREFIX>:<topic> becomes one event of that topic. Bridges with
the same credentials may run side by side: what both hear is published once. A cluster of servers hears Redis itself, and
needs none.`,
    )
    .action(run);
};
