import { describe, expect, it } from 'vitest';
import { addressOf, type RedisSettings, shownAddress } from './address.js';

const none: RedisSettings = {
  url: undefined,
  host: undefined,
  port: 6379,
  password: undefined,
  username: undefined,
  ssl: false,
  prefix: 'x',
};
const at = (settings: Partial<RedisSettings>) => addressOf({ ...none, ...settings });

describe('where Redis is', () => {
  it('is nowhere unless it is said', () => {
    expect(at({})).toBeUndefined();
  });

  it('is said by host and port', () => {
    expect(at({ host: 'redis.internal', port: 6380, password: 'p', username: 'u', ssl: true })).toMatchObject({
      kind: 'single',
      tls: true,
      nodes: [{ host: 'redis.internal', port: 6380 }],
      username: 'u',
      password: 'p',
    });
  });

  it('is said by a URL, which wins, and whose user and password win', () => {
    const url = 'rediss://us%3Aer:p%40ss@[::1]:7000/3';
    expect(at({ url, host: 'other', password: 'other', username: 'other' })).toMatchObject({
      kind: 'single',
      tls: true,
      nodes: [{ host: '::1', port: 7000 }],
      username: 'us:er',
      password: 'p@ss',
      database: 3,
    });
    expect(at({ url: 'redis://h', password: 'p', username: 'u' })).toMatchObject({ username: 'u', password: 'p' });
    expect(at({ url: 'redis-sentinel://:p@a,b:1/deals' })).toMatchObject({
      kind: 'sentinel',
      nodes: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 1 },
      ],
      master: 'deals',
    });
    expect(at({ url: 'rediss-cluster://a:1,b' })).toMatchObject({ kind: 'cluster', tls: true });
  });

  it.each([
    ['http://h', /must be redis:/u],
    ['redis://h:0', /host:port/u],
    ['redis://h:99999', /host:port/u],
    ['redis://h/x', /number of a database/u],
    ['redis://a,b', /several hosts/u],
    ['redis-sentinel://a', /name of the master/u],
    ['redis-cluster://a/1', /no numbered databases/u],
    ['redis://%zz:secret@h', /percent-encoded/u],
  ])('is refused as %s, in one line without the password', (url, reason) => {
    const refused = (): string => {
      try {
        at({ url });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused()).toMatch(/^AIDEALS_REDIS_URL: [^\n]+$/u);
    expect(refused()).toMatch(reason);
    expect(refused()).not.toContain('secret');
  });

  it('is shown without user and password', () => {
    const address = at({ url: 'rediss-sentinel://u:secret@a,b/m' });
    expect(address && shownAddress(address)).toBe('rediss-sentinel://a:26379,b:26379');
  });
});
