import { describe, expect, it } from 'vitest';
import { type Presented, readGreeting } from './greeting.js';

const presented = (given: Partial<Presented>): Presented => ({
  authorization: undefined,
  protocols: undefined,
  token: undefined,
  client: undefined,
  batch: undefined,
  ...given,
});

describe('a greeting', () => {
  it('takes the token from the first place that holds one', () => {
    const all = { authorization: 'Bearer a', protocols: 'aideals.v1, aideals.token.b', token: 'c' };
    expect(readGreeting(presented(all)).token).toBe('a');
    expect(readGreeting(presented({ ...all, authorization: 'Basic x' })).token).toBe('b');
    expect(readGreeting(presented({ token: 'c' })).token).toBe('c');
    expect(readGreeting(presented({})).token).toBeUndefined();
  });

  it('selects its own subprotocol wherever it stands, and no other', () => {
    expect(readGreeting(presented({ protocols: 'x, aideals.token.b,aideals.v1' })).selected).toBe('aideals.v1');
    expect(readGreeting(presented({ protocols: 'x,y' })).selected).toBeUndefined();
  });

  it.each([
    ['aideals.token.b', 'must offer aideals.v1 beside'],
    ['aideals.v1,,x', 'list of names'],
    ['aideals.v1,aideals.v1', 'twice'],
    ['aideals.v1,aideals.token.a,aideals.token.b', 'at most one'],
  ])('with the subprotocols %s is refused', (protocols, words) => {
    expect(() => readGreeting(presented({ protocols }))).toThrow(words);
  });

  it('names a client instance of 1 to 64 letters, digits, - and _', () => {
    expect(readGreeting(presented({ client: 'tab-1_x' })).client).toBe('tab-1_x');
    for (const client of ['', 'a b', 'é', 'x'.repeat(65)]) {
      expect(() => readGreeting(presented({ client }))).toThrow('query.client');
    }
  });

  it('asks for batches by a 1, and by nothing else', () => {
    expect(readGreeting(presented({})).takesBatches).toBe(false);
    expect(readGreeting(presented({ batch: '1' })).takesBatches).toBe(true);
    for (const batch of ['', '0', 'yes', 'true', '11']) {
      expect(() => readGreeting(presented({ batch }))).toThrow('query.batch: must be 1, or left out');
    }
  });
});
