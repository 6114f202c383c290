import { cluster } from './cluster.js';
import { embedded } from './embedded.js';
import { remote } from './remote.js';
import { serverless } from './serverless.js';
import type { Env, Target } from './target.js';

const known: Readonly<Record<string, () => Target>> = {
  embedded: () => embedded('embedded'),
  'embedded-forgetful': () => embedded('embedded-forgetful', { AIDEALS_FORGETFUL: '1' }),
  workers: () => embedded('workers', { AIDEALS_WORKERS: '2' }, 2),
  cluster: () => cluster('cluster'),
  serverless: () => serverless('serverless', { shuffle: true, duplicateEvents: 0.1 }),
  'serverless-cold': () => serverless('serverless-cold', { shuffle: true, coldStarts: 1 }),
};

/** What needs nothing but the command itself. */
const usual = ['embedded', 'embedded-forgetful'];

/**
 * What the suite runs against: `AIDEALS_CONFORMANCE_URL` with `AIDEALS_CONFORMANCE_SECRET` (and
 * `AIDEALS_CONFORMANCE_KIND=serverless`) is a deployment that runs already; else the names in
 * `AIDEALS_CONFORMANCE_TARGETS`, by default `embedded` and `embedded-forgetful`.
 */
export const chooseTargets = (env: Env): readonly Target[] => {
  const url = env['AIDEALS_CONFORMANCE_URL'];
  if (url !== undefined) {
    const secret = env['AIDEALS_CONFORMANCE_SECRET'];
    if (secret === undefined) throw new Error('AIDEALS_CONFORMANCE_URL needs AIDEALS_CONFORMANCE_SECRET');
    return [remote(url, secret, env['AIDEALS_CONFORMANCE_KIND'] === 'serverless' ? 'serverless' : 'self-hosted')];
  }
  const names = env['AIDEALS_CONFORMANCE_TARGETS']?.split(',') ?? usual;
  return names.map((name) => {
    const make = known[name];
    if (make === undefined) {
      throw new Error(`AIDEALS_CONFORMANCE_TARGETS: ${name} is none of ${Object.keys(known).join(', ')}`);
    }
    return make();
  });
};
