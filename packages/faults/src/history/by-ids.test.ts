import { describe, expect, it } from 'vitest';
import { Findings } from '../findings.js';
import { byIds } from './by-ids.js';
import { checkHistory } from './check.js';
import { Logs } from './logs.js';
import { got, history, type Planted, published, sent, sitting, stretch } from './planted.js';

const found = (planted: Planted): readonly string[] => {
  const findings = new Findings(1);
  const whole = history(planted);
  checkHistory(byIds(whole, new Logs(whole)), findings);
  return findings.list.map((text) => text.replace(/^BROKEN: (.+) \(\d+ times\)\n {4}(.+)$/u, '$1: $2'));
};

const three = [published('a', 'x-1'), published('b', 'x-2'), published('c', 'x-3')];

describe('a history of functions', () => {
  it('may bring events twice, in any order, and on any connection', () => {
    const stretches = [
      stretch('x-0', ['x-3', 'x-3']),
      stretch('x-1', ['x-2', 'x-3'], { asked: 'x-3' }),
      stretch('x-0', ['x-1'], { asked: 'x-3' }),
    ];
    expect(found({ publications: three, stretches, end: 'x-3' })).toEqual([]);
  });

  it('may bring what lies before its promise', () => {
    expect(found({ publications: three, stretches: [stretch('x-1', ['x-1', 'x-2', 'x-3'])], end: 'x-3' })).toEqual([]);
  });

  it('may not leave out an event, wherever it lies', () => {
    for (const ids of [
      ['x-2', 'x-3'],
      ['x-1', 'x-3'],
      ['x-2', 'x-1'],
    ]) {
      const faults = found({ publications: three, stretches: [stretch('x-0', ids)], end: 'x-3' });
      expect(faults, ids.join()).toEqual([expect.stringMatching(/^lost: .*never got x-\d/u)]);
    }
  });

  it('may not show what nobody asked for, nor store a thing twice', () => {
    const interest = { topic: 'deals', shops: ['north'] };
    const foreign = [published('a', 'x-1', { shop: 'south' })];
    expect(found({ publications: foreign, interest, stretches: [stretch('x-0', ['x-1'])], end: 'x-1' })[0]).toMatch(
      /^ghost/u,
    );
    const seen = { 'x-4': { tag: 'a' } };
    const twice = stretch('x-0', ['x-1', 'x-2', 'x-3', 'x-4']);
    expect(found({ publications: three, seen, stretches: [twice], end: 'x-4' })[0]).toMatch(/^doubled/u);
  });

  it('may bring a message twice on a connection, and not two messages as one', () => {
    const messages = [sent('one', 1), sent('two', 2)];
    const one = got('one', 1);
    const two = got('two', 2);
    expect(found({ messages, sittings: [sitting([one, one, two, one])], end: 'x-0' })).toEqual([]);
    expect(found({ messages, sittings: [sitting([two, one])] })[0]).toMatch(/^reordered/u);
    expect(found({ messages, sittings: [sitting([one])], end: 'x-0' })[0]).toMatch(/^lost/u);
  });
});
