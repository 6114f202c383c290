import { estimate } from './estimate.js';
import { readLoad } from './read-load.js';
import { report } from './report.js';

try {
  process.stdout.write(report(estimate(readLoad(process.argv.slice(2)))));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
