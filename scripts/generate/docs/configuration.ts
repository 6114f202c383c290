/** docs/configuration.md: every setting of the server. */
import { configurationTable } from '../../../packages/server/src/config/show.ts';
import { code, page } from './markdown.ts';

export const configurationPage = (): string =>
  page(
    'Configuration',
    'The server reads its settings from the environment, once, at its start. A wrong value, or a name beginning with `AIDEALS_` that is none, stops the start with one line that names the variable. A file `.env` is not read.',
    'What a server would run with, secrets masked, and what is wrong with it:',
    code('bash', 'npx aideals check-config'),
    configurationTable().trimEnd(),
  );
