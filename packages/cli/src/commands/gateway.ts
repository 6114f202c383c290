import { randomBytes } from 'node:crypto';
import type { DisorderRates, LocalGateway } from '@aideals/local-gateway';
import { type Command, InvalidArgumentError } from 'commander';
import type { Environment } from '../cluster/settings.js';
import type { Backing } from '../gateway/backing.js';
import { messageOf, UserError } from '../user-error.js';

interface Options {
  port: number;
  stage: string;
  bundles?: string;
  redis?: true;
  cold?: true;
  shuffle?: true;
  loseDisconnects: number;
  lateDisconnects: number;
  duplicateEvents: number;
  refuseCalls: number;
  seed: number;
  verbose?: true;
}

const MOST_PORT = 65_535;
const TOKEN_SECONDS = 12 * 3_600;
/** What a laptop bears. */
const AT_ONCE = 16;

const wholeNumber =
  (max: number) =>
  (text: string): number => {
    const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
    if (value <= max) return value;
    throw new InvalidArgumentError(`give a whole number from 0 to ${max}.`);
  };

const share = (text: string): number => {
  const value = /^[01](\.\d+)?$/u.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return value;
  throw new InvalidArgumentError('give a share, from 0 to 1.');
};

const stageName = (text: string): string => {
  if (/^[\w-]{1,128}$/u.test(text)) return text;
  throw new InvalidArgumentError('give 1 to 128 letters, digits, - and _.');
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const warn = (line: string): void => void process.stderr.write(`${line}\n`);

/** Metrics are lines of the log on AWS, and nobody's to read here. */
const isMetric = (line: string): boolean => line.startsWith('{"_aws"');

const ratesOf = (options: Options): DisorderRates => ({
  shuffle: options.shuffle === true,
  coldStarts: options.cold === true ? 1 : 0,
  lostDisconnects: options.loseDisconnects,
  lateDisconnects: options.lateDisconnects,
  duplicateEvents: options.duplicateEvents,
  refusedCalls: options.refuseCalls,
});

/** The settings of the functions: those of this environment, and what there is no default for. */
const settingsOf = (env: Environment): Record<string, string> => {
  const given = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || value === '' || /^(?:PATH|HOME|PORT|HOST|npm_)/u.test(name) ? [] : [[name, value] as const],
  );
  return {
    AIDEALS_TOKEN_ISSUE: '1',
    JWT_SECRET: randomBytes(32).toString('base64url'),
    AIDEALS_AWS_KEYS: `local:${randomBytes(16).toString('hex')}`,
    ...Object.fromEntries(given),
  };
};

const tokenOf = async (settings: Environment): Promise<string> => {
  const [{ signingKey }, { signToken }] = await Promise.all([
    import('../credentials/signing-key.js'),
    import('../credentials/signing.js'),
  ]);
  const key = signingKey(settings, 'leave JWT_ALGORITHM out');
  return signToken(key, { sub: 'visitor', scopes: [], expiresInSeconds: TOKEN_SECONDS });
};

const introduce = (gateway: LocalGateway, backing: Backing, settings: Environment, token: string): void => {
  const [id = '', secret = ''] = settings['AIDEALS_AWS_KEYS']?.split(',', 1)[0]?.split(':') ?? [];
  for (const [name, where] of backing.rows) say(`  ${name.padEnd(12)} ${where}`);
  say(`
aideals is ready, as it is on AWS, at ${gateway.url}

  a client      ${gateway.webSocketUrl}?token=${token}
  publishing    export JWT_SECRET=${settings['JWT_SECRET']}
                npx aideals publish --url ${gateway.url} deals.jsonl
  AWS calls     export AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret} AWS_REGION=us-east-1
                aws lambda invoke --endpoint-url ${gateway.url} --function-name broadcast \\
                  --cli-binary-format raw-in-base64-out --payload '{"data":{"title":"A deal"}}' /dev/stdout

A function is run anew when its bundle changes. Ctrl-C ends it all.`);
};

const run = async (options: Options): Promise<void> => {
  const [local, bundling, { startBacking }] = await Promise.all([
    import('@aideals/local-gateway'),
    import('../gateway/bundles.js'),
    import('../gateway/backing.js'),
  ]);
  const { deployedCors, deployedRoutes, functionNames, LocalGateway: Gateway } = local;
  const functions = bundling.findBundles(options.bundles ?? bundling.ownBundles);
  const settings = settingsOf(process.env);
  const token = await tokenOf(settings);
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const backing = await startBacking(settings, options.redis === true);
  let gateway: LocalGateway;
  try {
    gateway = await Gateway.start({
      functions,
      cors: deployedCors(settings['AIDEALS_ALLOWED_ORIGINS']),
      routes: deployedRoutes(),
      httpFunction: functionNames.http,
      sweepFunction: functionNames.sweep,
      mappedPaths: ['/', '/ws'],
      env: { ...settings, ...backing.env },
      ...{ port: options.port, stage: options.stage, seed: options.seed, atOnce: AT_ONCE },
      disorder: ratesOf(options),
      reports: {
        line: (name, line) => {
          if (options.verbose === true || !isMetric(line)) warn(`${name} | ${line}`);
        },
        breach: ({ functionName, what, stack }) =>
          warn(`${functionName} goes on after its answer, when Lambda has frozen it: it ${what}\n${stack}`.trimEnd()),
        ended: (name, ms, ran, coldMs) => {
          if ('error' in ran) warn(`${name} failed: ${ran.error.errorType}: ${ran.error.errorMessage}`);
          if (options.verbose !== true) return;
          say(`${name} ${ms.toFixed(0)} ms${coldMs === undefined ? '' : `, of which ${coldMs.toFixed(0)} to start`}`);
        },
      },
    });
  } catch (error) {
    await backing.stop();
    throw new UserError(
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
        ? `port ${options.port} is taken: name another by --port`
        : messageOf(error),
    );
  }
  const unwatch = bundling.watchBundles(functions, (name) => {
    gateway.lambda.reload(name);
    say(`${name}: new code`);
  });
  introduce(gateway, backing, settings, token);
  await asked;
  say('Ending …');
  unwatch();
  await gateway.stop();
  await backing.stop();
};

export const addGateway = (program: Command): void => {
  program
    .command('gateway')
    .description('run the functions of a serverless deployment on this machine, behind an API Gateway as strict as AWS')
    .option('--port <port>', 'of everything; 0 takes a free one', wholeNumber(MOST_PORT), 3001)
    .option('--stage <name>', 'of the WebSocket API', stageName, process.env['STAGE'] || 'prod')
    .option('--bundles <folder>', 'with <function name>/index.mjs for each function')
    .option('--redis', 'start a redis-server too, where REDIS_HOST names none')
    .option('--cold', 'start a new instance for each invocation')
    .option('--shuffle', 'let messages of a connection overtake one another')
    .option('--lose-disconnects <share>', 'of $disconnect that nobody is told of', share, 0)
    .option('--late-disconnects <share>', 'of $disconnect that come up to 90 seconds late', share, 0)
    .option('--duplicate-events <share>', 'of events that are run twice', share, 0)
    .option('--refuse-calls <share>', 'of @connections calls that are answered with 429', share, 0)
    .option('--seed <n>', 'which of them these are', wholeNumber(2 ** 31), 1)
    .option('--verbose', 'tell of each invocation, and show the lines of metrics')
    .addHelpText(
      'after',
      `
All of it listens on 127.0.0.1. DynamoDB is the one that AWS_ENDPOINT_URL_DYNAMODB names, else one in memory. The settings of
the functions are those of this environment.`,
    )
    .action(run);
};
