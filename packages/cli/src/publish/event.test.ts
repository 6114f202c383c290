import { describe, expect, it } from 'vitest';
import { parseEvent } from './event.js';

const whole = { bare: false, topic: undefined };

describe('a line that is a whole event', () => {
  it('goes out as it is', () => {
    const text = '{"messageType":"dealUpdate","data":{"dealId":"d"},"topic":"new-deals","filters":{"discount":20}}';
    expect(parseEvent(text, whole)).toEqual({ json: text });
  });

  it('gets the topic of the command only where it names none', () => {
    const options = { bare: false, topic: 'hot' };
    expect(parseEvent('{"data":{}}', options)).toEqual({ json: '{"data":{},"topic":"hot"}' });
    expect(parseEvent('{"data":{},"topic":"cold"}', options)).toEqual({ json: '{"data":{},"topic":"cold"}' });
  });

  it.each([
    ['', /^is not JSON/u],
    ['{"data":', /^is not JSON/u],
    ['[{"data":{}}]', /^must be a JSON object/u],
    ['null', /^must be a JSON object/u],
    ['{"data":7}', /^data: /u],
    ['{"data":{},"topic":"a b"}', /^topic: must be 1 to 128 characters/u],
    ['{"data":{},"filter":{}}', /^filter: unknown field; did you mean filters\?/u],
    ['{"data":{},"filters":{"a":{"b":1}}}', /^filters\.a: /u],
    ['{"data":{},"messageType":"Deal"}', /^messageType: must be a lower-case letter/u],
    ['{"data":{},"messageType":"pong"}', /^messageType: pong is one of the server's own types/u],
    ['{"title":"A deal","price":3}', /data: is required.*need --data/u],
  ])('%s is told what is wrong', (text, problem) => {
    const parsed = parseEvent(text, whole);
    expect('problem' in parsed && parsed.problem).toMatch(problem);
  });
});

describe('a line that is bare data', () => {
  it('is wrapped', () => {
    expect(parseEvent('{"title":"A deal"}', { bare: true, topic: 'hot' })).toEqual({
      json: '{"data":{"title":"A deal"},"topic":"hot"}',
    });
  });

  it('must be an object', () => {
    expect(parseEvent('3', { bare: true, topic: undefined })).toEqual({ problem: 'must be a JSON object' });
  });
});
