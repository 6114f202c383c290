import { expect, it } from 'vitest';
import { quietly } from '../testing/quietly.js';
import { crash } from './run.js';

it('kills amid chat and publishing lose nothing that was confirmed, double nothing, and every client resumes', async () => {
  const { findings, numbers } = await crash({ ...quietly, times: 4 });
  expect(findings.list, numbers.join('\n')).toEqual([]);
}, 120_000);
