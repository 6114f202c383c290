import { ALL_DEALS, eventId, type Filters, fieldErrors, filters, topicName } from '@aideals/protocol';
import type { Command } from 'commander';
import picocolors from 'picocolors';
import { tokenSource } from '../credentials/presented.js';
import { parseCount } from '../option-values.js';
import { eventRow } from '../tail/row.js';
import { watch } from '../tail/watch.js';
import { resolveTarget } from '../target.js';
import { harmless } from '../terminal-text.js';
import { messageOf, wrongUse } from '../user-error.js';

interface Options {
  filters?: string;
  since?: string;
  count?: string;
  json?: true;
  url?: string;
  token?: string;
}

const parseFilters = (text: string | undefined): Filters => {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrongUse(`--filters: is not JSON: ${messageOf(error)}`);
  }
  const parsed = filters.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = fieldErrors(parsed.error, value, ['filters'], []);
  throw wrongUse(`--${first?.path}: ${first?.message}`);
};

const run = async (given: string | undefined, options: Options): Promise<void> => {
  const topic = topicName.safeParse(given ?? ALL_DEALS);
  if (!topic.success) throw wrongUse(`topic: ${topic.error.issues[0]?.message}`);
  const since = eventId.optional().safeParse(options.since);
  if (!since.success) throw wrongUse(`--since: ${since.error.issues[0]?.message}`);
  const count = options.count === undefined ? Number.POSITIVE_INFINITY : parseCount(options.count, '--count', 1, 1e9);
  const wanted = parseFilters(options.filters);
  const target = resolveTarget(options.url, process.env);
  const token = await tokenSource(options.token, process.env, { sub: 'aideals-tail', scopes: [] });

  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  let broken: Error | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read the pipe has had enough: `tail | head` is no failure.
    if (error.code !== 'EPIPE') broken = error;
    end();
  });

  // A slow reader holds up this process where it writes (pipes are written synchronously), so that what waits does so at
  // the server, within its bounds, and not in our memory.
  const rows = process.stdout.isTTY && options.json !== true;
  const colors = picocolors.createColors(picocolors.isColorSupported);
  await watch(
    { url: target.socket, token, topic: topic.data, filters: wanted, since: since.data, count, signal: stop.signal },
    {
      event: (event) => {
        const line = rows ? eventRow(event, process.stdout.columns || 120, colors) : JSON.stringify(event);
        process.stdout.write(`${line}\n`);
      },
      notice: (text) => process.stderr.write(`aideals: ${harmless(text)}\n`),
    },
  );
  if (broken) throw broken;
};

export const addTail = (program: Command): void => {
  program
    .command('tail')
    .description('show the events of a topic as they come')
    .argument('[topic]', `the topic (default: ${ALL_DEALS}, which is every topic but price-updates)`)
    .option('--filters <json>', 'only what matches, such as {"category":"electronics","minDiscount":20}')
    .option('--since <lastEventId>', 'begin with what came after this event')
    .option('--count <n>', 'end after so many events')
    .option('--json', 'JSON lines also on a terminal')
    .option('--url <url>', 'the server (default: WEBSOCKET_API_GATEWAY_URL, else this machine at PORT)')
    .option('--token <jwt>', 'a token (default: made with JWT_SECRET, as `aideals token` does)')
    .addHelpText(
      'after',
      `
In columns on a terminal, as JSON lines in a pipe. It reconnects, gets what it missed, and tells gaps on stderr.

  aideals tail new-deals --filters '{"minDiscount":20}' | jq .data.title`,
    )
    .action(run);
};
