/** Every file that is derived from the contracts, by its path from the root of the repository. */
import { readFileSync } from 'node:fs';
import { asyncapi } from './asyncapi.ts';
import { actionsPage } from './docs/actions.ts';
import { configurationPage } from './docs/configuration.ts';
import { differencesPage } from './docs/differences.ts';
import { embedded } from './docs/embedded.ts';
import { httpPage } from './docs/http.ts';
import { pushesPage } from './docs/pushes.ts';
import { closeCodesPage, errorsPage, limitsPage } from './docs/tables.ts';
import { openapi } from './openapi.ts';
import { schemaDocument } from './schema.ts';
import { wire } from './wire.ts';

const printed = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

export const products = async (): Promise<Record<string, string>> => {
  const manifest = new URL('../../packages/protocol/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return {
    'CONTRIBUTING.md': embedded('CONTRIBUTING.md'),
    'docs/actions.md': actionsPage(),
    'docs/close-codes.md': closeCodesPage(),
    'docs/configuration.md': configurationPage(),
    'docs/differences.md': differencesPage(),
    'docs/errors.md': errorsPage(),
    'docs/http.md': httpPage(),
    'docs/limits.md': limitsPage(),
    'docs/pushes.md': pushesPage(),
    'packages/client/src/generated/wire.ts': await wire(),
    'packages/protocol/generated/asyncapi.json': printed(asyncapi(version)),
    'packages/protocol/generated/openapi.json': printed(openapi(version)),
    'packages/protocol/generated/schema.json': printed(schemaDocument()),
  };
};
