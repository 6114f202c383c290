/** Every file that is derived from the contracts, by its path from the root of the repository. */
import { schemaDocument } from './schema.ts';
import { wire } from './wire.ts';

const printed = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

export const products = async (): Promise<Record<string, string>> => ({
  'packages/client/src/generated/wire.ts': await wire(),
  'packages/protocol/generated/schema.json': printed(schemaDocument()),
});
