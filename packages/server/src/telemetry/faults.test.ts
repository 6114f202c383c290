import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { FaultLog } from './faults.js';
import { createLog } from './log.js';

it('tells a fault in full once a second, and the same again in a line', () => {
  const lines: { where: string; errorId?: string; reason?: string; err?: { stack: string }; msg: string }[] = [];
  const sink = new Writable({
    write: (chunk, _, done) => {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  let now = 0;
  const faults = new FaultLog({ log: createLog('info', sink), now: () => now });
  faults.tell('open', new TypeError('one'), 'e-1');
  faults.tell('open', new TypeError('two'), 'e-2');
  faults.tell('open', new RangeError('three'));
  faults.tell('frame', new TypeError('four'));
  faults.tell('frame', 'no error');
  now = 1_000;
  faults.tell('open', new TypeError('five'), 'e-5');
  expect(lines.map(({ where, errorId, reason, err, msg }) => [where, errorId, reason, err !== undefined, msg])).toEqual(
    [
      ['open', 'e-1', undefined, true, 'a fault'],
      ['open', 'e-2', 'two', false, 'the same fault'],
      ['open', undefined, undefined, true, 'a fault'],
      ['frame', undefined, undefined, true, 'a fault'],
      ['frame', undefined, undefined, true, 'a fault'],
      ['open', 'e-5', undefined, true, 'a fault'],
    ],
  );
});
