#!/usr/bin/env node
// The command lies in dist/, which a build makes; without one, say so in a line instead of a stack.
import('../dist/main.js').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('aideals: not built yet: run `npm run build` in the root of the project\n');
  process.exitCode = 1;
});
