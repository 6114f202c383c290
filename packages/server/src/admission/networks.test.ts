import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress, contains, networkList } from './networks.js';

const request = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

const proxies = networkList(['10.0.0.0/8', '::1/128']);

describe('the address of a client', () => {
  it.each([
    ['203.0.113.7', undefined, '203.0.113.7', 'the peer’s own'],
    ['203.0.113.7', '198.51.100.1', '203.0.113.7', 'the peer’s own, whatever a stranger says'],
    ['10.0.0.1', '198.51.100.1', '198.51.100.1', 'what a trusted proxy was told'],
    ['::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1', 'the same over a socket of both families'],
    ['10.0.0.1', '6.6.6.6, 198.51.100.1', '198.51.100.1', 'the last that no trusted proxy vouches for further'],
    ['10.0.0.1', '6.6.6.6, 198.51.100.1, 10.0.0.2', '198.51.100.1', 'found behind several proxies'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', 'the leftmost where all are trusted'],
    ['10.0.0.1', 'unknown', '10.0.0.1', 'the proxy’s where it says nothing of use'],
    ['10.0.0.1', 'x, 10.0.0.2', '10.0.0.2', 'the nearest that makes sense'],
    ['::1', '[2001:db8::7]:4711', '2001:db8::7', 'read with brackets and port'],
    ['10.0.0.1', '198.51.100.1:8080', '198.51.100.1', 'read with a port'],
  ])('of %s with %s is %s: %s', (peer, forwarded, expected, _how) => {
    expect(clientAddress(request(peer, forwarded), proxies)).toBe(expected);
  });
});

describe('a list of networks', () => {
  it('holds both families, and nothing that is no address', () => {
    const list = networkList(['192.0.2.0/24', '2001:db8::/32', '198.51.100.9/32']);
    expect(contains(list, '192.0.2.255')).toBe(true);
    expect(contains(list, '192.0.3.0')).toBe(false);
    expect(contains(list, '2001:db8:1::1')).toBe(true);
    expect(contains(list, '198.51.100.9')).toBe(true);
    expect(contains(list, 'nonsense')).toBe(false);
  });
});
