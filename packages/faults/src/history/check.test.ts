import { describe, expect, it } from 'vitest';
import { Findings } from '../findings.js';
import { checkHistory } from './check.js';
import { got, history, type Planted, published, sent, sitting, stretch } from './planted.js';

/** The faults that are found, each with its first detail. */
const found = (planted: Planted): readonly string[] => {
  const findings = new Findings(1);
  checkHistory(history(planted), findings);
  return findings.list.map((text) => text.replace(/^BROKEN: (.+) \(\d+ times\)\n {4}(.+)$/u, '$1: $2'));
};

const three = [published('a', 'x-1'), published('b', 'x-2'), published('c', 'x-3')];

describe('a history in which all went well', () => {
  it('is found to have no fault', () => {
    expect(found({ publications: three, stretches: [stretch('x-0', ['x-1', 'x-2', 'x-3'])], end: 'x-3' })).toEqual([]);
  });

  it('may be cut into connections that resume', () => {
    const stretches = [
      stretch('x-0', ['x-1']),
      stretch('x-1', ['x-2'], { asked: 'x-1' }),
      stretch('x-2', [], { asked: 'x-2' }),
      stretch('x-2', ['x-3'], { asked: 'x-2' }),
    ];
    expect(found({ publications: three, stretches, end: 'x-3' })).toEqual([]);
  });

  it('may go over a restart, whose epoch goes on', () => {
    const publications = [...three, published('d', 'y-4')];
    const stretches = [stretch('x-1', ['x-2', 'x-3', 'y-4'])];
    expect(found({ publications, stretches, end: 'y-4' })).toEqual([]);
    const resumed = [stretch('x-0', ['x-1', 'x-2']), stretch('x-2', ['x-3', 'y-4'], { asked: 'x-2' })];
    expect(found({ publications, stretches: resumed, end: 'y-4' })).toEqual([]);
  });

  it('may go over a log that was lost, where that is told', () => {
    const publications = [...three, published('d', 'z-1'), published('e', 'z-2')];
    const stretches = [stretch('x-0', ['x-1']), stretch('z-0', ['z-1', 'z-2'], { asked: 'x-1', lost: 'epoch' })];
    expect(found({ publications, stretches, end: 'z-2' })).toEqual([]);
  });

  it('may miss what is not of its interest, and what came before', () => {
    const publications = [
      published('a', 'x-1', { shop: 'south' }),
      published('b', 'x-2', { topic: 'other' }),
      published('c', 'x-3'),
    ];
    const interest = { topic: 'deals', shops: ['north'] };
    expect(found({ publications, interest, stretches: [stretch('x-0', ['x-3'])], end: 'x-3' })).toEqual([]);
    expect(found({ publications: three, stretches: [stretch('x-2', ['x-3'])], end: 'x-3' })).toEqual([]);
  });

  it('may hold what nobody knows the outcome of, or not', () => {
    const publications = [...three, published('d', undefined), published('e', undefined)];
    const seen = { 'x-4': { tag: 'd' } };
    const stretches = [stretch('x-0', ['x-1', 'x-2', 'x-3', 'x-4'])];
    expect(found({ publications, seen, stretches, end: 'x-4' })).toEqual([]);
  });

  it('may be stored again under its key, where the log with the key was lost', () => {
    const publications = [published('a', 'x-5'), published('b', 'y-1', { isRepeated: true })];
    const seen = { 'x-6': { tag: 'b' } };
    expect(found({ publications, seen })).toEqual([]);
  });
});

describe('events that are lost', () => {
  it('on one connection, between two that came', () => {
    const stretches = [stretch('x-0', ['x-1', 'x-3'])];
    expect(found({ publications: three, stretches })).toEqual(['lost: r: never got x-2, and has come from x-1 to x-3']);
  });

  it('behind a resume', () => {
    const stretches = [stretch('x-0', ['x-1']), stretch('x-1', ['x-3'], { asked: 'x-1' })];
    expect(found({ publications: three, stretches })[0]).toMatch(/^lost: r: never got x-2/u);
  });

  it('by a cursor that a pong moved too far', () => {
    const stretches = [stretch('x-0', ['x-1']), stretch('x-2', ['x-3'], { asked: 'x-2' })];
    expect(found({ publications: three, stretches })[0]).toMatch(/^lost: r: never got x-2, .*from x-1 to x-2/u);
  });

  it('in the end', () => {
    expect(found({ publications: three, stretches: [stretch('x-0', ['x-1', 'x-2'])], end: 'x-3' })[0]).toMatch(
      /^lost: r: never got x-3/u,
    );
    expect(found({ publications: three, stretches: [], end: 'x-3' })).toEqual(['lost: r: was never subscribed']);
  });

  it('though only another reader got it', () => {
    const seen = { 'x-4': { tag: 'd' }, 'x-5': { tag: 'e' } };
    const publications = [published('d', undefined), published('e', undefined)];
    expect(found({ publications, seen, stretches: [stretch('x-3', ['x-5'])] })[0]).toMatch(/^lost: r: never got x-4/u);
  });
});

describe('events whose id nobody was told', () => {
  it('are lost where they were confirmed and never seen', () => {
    const publications = [...three, published('d', undefined, { outcome: 'confirmed' })];
    expect(found({ publications })).toEqual(['lost: d was confirmed, and nobody ever got it']);
    expect(found({ publications, seen: { 'x-4': { tag: 'd' } } })).toEqual([]);
  });
});

describe('gaps that are not told', () => {
  const publications = [...three, published('d', 'z-1'), published('e', 'z-2')];

  it('over a log that was lost, on one connection', () => {
    expect(found({ publications, stretches: [stretch('x-0', ['x-1', 'x-2', 'z-1'])] })[0]).toMatch(
      /^unreported gap: r: never got x-3/u,
    );
  });

  it('over a log that was lost, at a resume that was called recovered', () => {
    const stretches = [stretch('x-0', ['x-1']), stretch('x-1', ['z-1', 'z-2'], { asked: 'x-1' })];
    expect(found({ publications, stretches })[0]).toMatch(/^unreported gap: r: never got x-2/u);
  });

  it('by a promise from another place than was asked for', () => {
    const stretches = [stretch('x-0', ['x-1']), stretch('x-2', ['x-3'], { asked: 'x-1' })];
    expect(found({ publications: three, stretches })).toContain(
      'unreported gap: r: asked from x-1, and was promised what comes after x-2',
    );
  });

  it('but the beginning of the new log is lost', () => {
    const stretches = [stretch('x-0', ['x-1']), stretch('z-0', ['z-2'], { asked: 'x-1', lost: 'epoch' })];
    expect(found({ publications, stretches })[0]).toMatch(/^lost: r: never got z-1/u);
  });
});

describe('events that are doubled', () => {
  it('on one connection', () => {
    const stretches = [stretch('x-0', ['x-1', 'x-1', 'x-2', 'x-3'])];
    expect(found({ publications: three, stretches })).toEqual(['doubled: r: got x-1 twice on one connection']);
  });

  it('by a resume', () => {
    const stretches = [stretch('x-0', ['x-1', 'x-2']), stretch('x-2', ['x-2', 'x-3'], { asked: 'x-2' })];
    expect(found({ publications: three, stretches })[0]).toMatch(/^doubled: r: got x-2 again/u);
  });

  it('in the log', () => {
    expect(found({ publications: three, seen: { 'x-4': { tag: 'a' } } })).toEqual([
      'doubled: a is stored as x-1 and x-4',
    ]);
  });

  it('under one id', () => {
    const event = { topic: 'deals', shop: 'north' };
    const conflicts = [['x-1', { ...event, tag: 'a' }, { ...event, tag: 'b' }] as const];
    expect(found({ conflicts })).toEqual(['doubled: x-1 is a and b']);
  });
});

describe('events in another order', () => {
  it('on one connection', () => {
    expect(found({ publications: three, stretches: [stretch('x-0', ['x-2', 'x-1', 'x-3'])] })).toContain(
      'reordered: r: got x-1 after x-2',
    );
  });

  it('than their publisher’s', () => {
    expect(found({ publications: [published('a', 'x-2'), published('b', 'x-1')] })[0]).toMatch(
      /^reordered: p: b is x-1/u,
    );
    expect(found({ publications: [published('a', 'x-2'), published('b', 'x-1', { publisher: 'q' })] })).toEqual([]);
  });
});

describe('ghosts', () => {
  it('that nobody published, that were refused, that are not as they were', () => {
    expect(found({ seen: { 'x-1': { tag: 'g' } } })).toEqual(['ghost: x-1 is g, which nobody published']);
    const refused = published('a', undefined, { outcome: 'refused' });
    expect(found({ publications: [refused], seen: { 'x-1': { tag: 'a' } } })[0]).toMatch(/^ghost: .*was refused/u);
    expect(found({ publications: three, seen: { 'x-1': { tag: 'a', shop: 'south' } } })[0]).toMatch(
      /^ghost: .*not as/u,
    );
  });

  it('that come to one who did not ask for them', () => {
    const interest = { topic: 'deals', shops: ['south'] };
    expect(found({ publications: three, interest, stretches: [stretch('x-0', ['x-1'])] })).toContain(
      'ghost: r: got x-1 (a), which it did not ask for',
    );
  });
});

describe('messages', () => {
  const messages = [sent('m1', 1), sent('m2', 2), sent('m3', 3)];
  const all = [got('m1', 1), got('m2', 2), got('m3', 3)];
  const end = 'x-0';

  it('come to their recipient, again until they are acknowledged', () => {
    expect(found({ messages, sittings: [sitting(all)], end })).toEqual([]);
    const sittings = [sitting(all.slice(0, 2)), sitting(all.slice(1), 10)];
    const acknowledged = new Map([['id of m1', 5]]);
    expect(found({ messages, sittings, acknowledged, end })).toEqual([]);
  });

  it('are lost where one was confirmed and never came, or has a number that no one was told of', () => {
    expect(found({ messages, sittings: [sitting(all.slice(0, 2))], end })[0]).toMatch(/^lost: m3 was confirmed/u);
    expect(found({ messages: [sent('m1', 1), sent('m3', 3)] })[0]).toMatch(/^lost: ann and bob: .* 2$/u);
    expect(found({ messages: [sent('m1', 1), sent('m2', undefined), sent('m3', 3)] })).toEqual([]);
  });

  it('are doubled on one connection, in the store, or under one number', () => {
    expect(found({ messages, sittings: [sitting([...all, got('m3', 3)])] })).toContain(
      'doubled: bob got m3 twice on one connection',
    );
    expect(found({ messages, sittings: [sitting([got('m1', 4, { messageId: 'another' })])] })[0]).toMatch(
      /^doubled: m1 is stored as id of m1 and another/u,
    );
    expect(found({ messages: [sent('m1', 1), sent('m2', 1, { from: 'bob', to: 'ann' })] })[0]).toMatch(
      /^doubled: ann and bob 1 is/u,
    );
  });

  it('are in the order of their numbers, but for those that were sent twice', () => {
    const turned = [got('m2', 2), got('m1', 1), got('m3', 3)];
    expect(found({ messages, sittings: [sitting(turned)] })).toEqual(['reordered: bob got m1 (1) after m2 (2)']);
    const repeated = [sent('m1', 1, { isRepeated: true }), ...messages.slice(1)];
    expect(found({ messages: repeated, sittings: [sitting(turned)] })).toEqual([]);
    expect(found({ messages: [sent('m1', 2, { number: 1 }), sent('m2', 1, { number: 2 })] })[0]).toMatch(
      /^reordered: m2 has 1/u,
    );
  });

  it('are stale after their acknowledgement', () => {
    const acknowledged = new Map([['id of m1', 5]]);
    const sittings = [sitting(all, 4), sitting([got('m1', 1)], 6)];
    expect(found({ messages, sittings, acknowledged })[0]).toMatch(/^stale: bob got m1/u);
  });

  it('are ghosts where they were not sent, were refused, or are for another', () => {
    expect(found({ sittings: [sitting([got('m9', 1)])] })).toEqual(['ghost: bob got m9, which nobody sent']);
    const refused = [sent('m1', undefined, { outcome: 'refused' })];
    expect(found({ messages: refused, sittings: [sitting([got('m1', 1)])] })[0]).toMatch(/^ghost: .*refused/u);
    expect(found({ messages, sittings: [{ ...sitting(all), user: 'eve' }] })[0]).toMatch(/^ghost: eve got m1/u);
    expect(found({ messages, sittings: [sitting([got('m1', 1, { from: 'eve' })])] })[0]).toMatch(
      /^ghost: bob got m1 as/u,
    );
  });
});
