import { expect, it } from 'vitest';
import { Findings } from './findings.js';

it('counts what broke, and shows the first of each kind', () => {
  const findings = new Findings(2);
  findings.hold(true, 'a promise that is kept', () => 'never asked');
  for (const n of [1, 2, 3]) findings.hold(false, 'a promise', () => `detail ${n}`);
  expect(findings.list).toEqual(['BROKEN: a promise (3 times)\n    detail 1\n    detail 2']);
});
