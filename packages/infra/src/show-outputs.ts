import { readFileSync } from 'node:fs';
import { environmentLines } from './output-names.js';

/** After a deployment: what the command, the examples and your own services take as their environment. */
const file = new URL('../cdk.out/outputs.json', import.meta.url);
process.stdout.write(`${environmentLines(JSON.parse(readFileSync(file, 'utf8'))).join('\n')}\n`);
