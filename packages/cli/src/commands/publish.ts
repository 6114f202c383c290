import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { topicName } from '@aideals/protocol';
import type { Command } from 'commander';
import { authorization } from '../credentials/presented.js';
import { parseCount, parseDuration } from '../option-values.js';
import { createProgress, emptyTally, progressLine, summary } from '../publish/progress.js';
import { publish } from '../publish/publish.js';
import { createSender, Unreachable } from '../publish/sender.js';
import { resolveTarget } from '../target.js';
import { messageOf, UserError, wrongUse } from '../user-error.js';

interface Options {
  topic?: string;
  data?: true;
  url?: string;
  token?: string;
  apiKey?: string;
  batch: string;
  retryFor: string;
  keepGoing?: true;
}

const INTERRUPTED = 130;
/** Of one request. */
const MOST_EVENTS = 10_000;

const wait = async (millis: number, signal: AbortSignal): Promise<void> => {
  await sleep(millis, undefined, { signal });
};

const open = (file: string): NodeJS.ReadableStream & AsyncIterable<Buffer> => {
  if (file !== '-') return createReadStream(file);
  if (process.stdin.isTTY) process.stderr.write('aideals: reading JSON lines from the keyboard; Ctrl-D ends\n');
  return process.stdin;
};

async function* reading(file: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* open(file);
  } catch (error) {
    throw new UserError(`${file === '-' ? 'stdin' : file}: cannot be read: ${messageOf(error)}`);
  }
}

const run = async (file: string, options: Options): Promise<void> => {
  const topic = topicName.optional().safeParse(options.topic);
  if (!topic.success) throw wrongUse(`--topic: ${topic.error.issues[0]?.message}`);
  const batch = parseCount(options.batch, '--batch', 1, MOST_EVENTS);
  const patienceMillis = parseDuration(options.retryFor, '--retry-for') * 1000;
  const target = resolveTarget(options.url, process.env);
  const credentials = await authorization(options, process.env, { sub: 'aideals-publish', scopes: ['publish'] });

  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);

  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  const progress = createProgress(process.stderr, elapsed);
  const sender = createSender({
    base: target.http,
    authorization: credentials,
    patienceMillis,
    signal: stop.signal,
    onRetry: (reason, millis) => progress.say(`aideals: ${reason}; again in ${(millis / 1000).toFixed(1)} s`),
    fetch,
    sleep: wait,
    now: Date.now,
    random: Math.random,
  });
  const tally = emptyTally();
  try {
    await publish(
      reading(file),
      { bare: options.data === true, topic: topic.data, batch, keepGoing: options.keepGoing === true },
      sender,
      { say: progress.say, update: (now) => progress.update(progressLine(now, elapsed())) },
      tally,
    );
    process.exitCode = tally.badLines > 0 ? 1 : 0;
  } catch (error) {
    if (stop.signal.aborted) process.exitCode = INTERRUPTED;
    else if (error instanceof Unreachable) throw new UserError(error.message);
    else throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    progress.end();
    process.stdout.write(`${summary(tally, elapsed())}\n`);
    // An open stdin would keep the process alive after the work has ended early.
    if (file === '-') process.stdin.destroy();
  }
};

export const addPublish = (program: Command): void => {
  program
    .command('publish')
    .description('publish events from JSON lines')
    .argument('[file]', 'a file with one JSON object per line; - reads stdin', '-')
    .option('--topic <topic>', 'the topic of lines that name none')
    .option('--data', 'each line is the data itself, not {messageType?, data, topic?, filters?}')
    .option('--url <url>', 'the server (default: WEBSOCKET_API_GATEWAY_URL, else this machine at PORT)')
    .option('--token <jwt>', 'a token with the scope publish (default: made with JWT_SECRET, as `aideals token` does)')
    .option('--api-key <key>', 'an API key in its place')
    .option('--batch <n>', 'events per request at most', '1000')
    .option('--retry-for <time>', 'how long a request is tried again when the server is away or busy', '60s')
    .option('--keep-going', 'send the rest when a line is bad')
    .addHelpText(
      'after',
      `
Events go out in the order of their lines. A bad line is told by its number and ends the run with exit code 1; what stands
before it is sent, and with --keep-going so is what stands after it. A request that is sent again is published once.

  aideals publish deals.jsonl --topic new-deals
  tail -f found.jsonl | aideals publish - --data --topic new-deals`,
    )
    .action(run);
};
