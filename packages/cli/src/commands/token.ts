import { identifier, nearest } from '@aideals/protocol';
import type { Command } from 'commander';
import { signToken } from '../credentials/signing.js';
import { parseDuration } from '../option-values.js';
import { wrongUse } from '../user-error.js';

const SCOPES = ['publish', 'admin'];

interface Options {
  sub: string;
  scope?: string;
  expires: string;
  room?: string[];
}

/** Other scopes may mean something to other systems, so that one which looks like a slip is told and not refused. */
const doubts = (scopes: readonly string[]): string[] =>
  scopes.flatMap((scope) => {
    const near = SCOPES.includes(scope) ? undefined : nearest(scope, SCOPES);
    return near === undefined ? [] : [`the server knows no scope ${scope}; did you mean ${near}?`];
  });

export const addToken = (program: Command): void => {
  program
    .command('token')
    .description('print a JWT that the server of this environment takes')
    .requiredOption('--sub <user>', 'who it is for')
    .option('--scope <scopes>', 'what it grants, separated by spaces: publish, admin')
    .option('--expires <time>', 'how long it is good for: 90s, 15m, 1h, 7d', '1h')
    .option('--room <pattern...>', 'the rooms that it opens; without it, all that are not private')
    .addHelpText(
      'after',
      `
Signed with JWT_SECRET and the first HS algorithm of JWT_ALGORITHM. Where no secret is set, the one that the server made
for development in AIDEALS_DATA_DIR signs; not when NODE_ENV=production.

  TOKEN=$(npx aideals token --sub crawler --scope publish)`,
    )
    .action(async (options: Options) => {
      const sub = identifier.safeParse(options.sub);
      if (!sub.success) throw wrongUse(`--sub: ${sub.error.issues[0]?.message}`);
      const scopes = (options.scope ?? '').split(/[\s,]+/u).filter((scope) => scope !== '');
      const expiresInSeconds = parseDuration(options.expires, '--expires');
      const { signingKey } = await import('../credentials/signing-key.js');
      const key = signingKey(process.env, 'ask it for a token');
      for (const doubt of doubts(scopes)) process.stderr.write(`aideals: ${doubt}\n`);
      const token = await signToken(key, { sub: sub.data, scopes, rooms: options.room, expiresInSeconds });
      process.stdout.write(`${token}\n`);
    });
};
