import { createHmac } from 'node:crypto';
import { createVerifier, type VerifierOptions } from '@aideals/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signedReader } from './signed-tokens.js';

const NOW = 1_764_039_600;
const SECRET = 'a secret of at least thirty-two bytes';
const ALGORITHMS = ['HS256', 'HS512'];
const HASHES: Record<string, string> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

const settings: VerifierOptions = { algorithms: ALGORITHMS, secret: SECRET, clock: { now: () => NOW * 1000 + 400 } };
const strict = { issuer: 'idp', audience: 'deals' };
const signed = signedReader(SECRET, ALGORITHMS);

const b64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url');

const tokenOf = (header: string | Buffer, claims: string | Buffer, alg = 'HS256', secret = SECRET): string => {
  const input = `${b64(header)}.${b64(claims)}`;
  return `${input}.${createHmac(HASHES[alg] ?? 'sha256', secret)
    .update(input)
    .digest('base64url')}`;
};

/** Mostly what is usual: a token is good only where all of it is. */
const mostly = (usual: unknown, arb: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.option(arb, { nil: undefined }) });
const time = fc.oneof(
  fc.integer({ min: NOW - 2, max: NOW + 2 }),
  fc.constant(NOW + 60),
  fc.constantFrom<unknown>(NOW + 0.5, '9999999999', null, true, [NOW + 9], -1),
);
const odd = fc.constantFrom<unknown>('alice', 'room:x', '', 7, null, ['alice'], 'a\u0000b', 'ünï');
const claims = fc.record({
  sub: mostly('alice', odd),
  exp: mostly(NOW + 60, time),
  nbf: mostly(undefined, time),
  iat: mostly(NOW - 5, time),
  iss: mostly('idp', fc.constantFrom<unknown>('other', ['idp'], 1)),
  aud: mostly('deals', fc.constantFrom<unknown>(['x', 'deals'], ['x'], 'x', [['deals']], 3)),
  scope: mostly(undefined, fc.constantFrom<unknown>('publish admin', ['publish', 7], 9)),
  rooms: mostly(undefined, fc.constantFrom<unknown>(['deals-*'], 'a b', 1)),
  auth_time: mostly(undefined, time),
});
const header = fc.record({
  alg: mostly('HS256', fc.constantFrom('HS512', 'HS384', 'none', 'hs256', 'RS256', 1)),
  typ: mostly('JWT', fc.constantFrom('at+jwt', 5)),
  kid: mostly(undefined, fc.constant('k')),
  crit: mostly(undefined, fc.constantFrom<unknown>(['b64'], [], ['exp'], null)),
  b64: mostly(undefined, fc.boolean()),
});
const token = fc
  .record({
    header,
    claims,
    secret: fc.oneof({ weight: 9, arbitrary: fc.constant(SECRET) }, { weight: 1, arbitrary: fc.string() }),
  })
  .map((given) =>
    tokenOf(JSON.stringify(given.header), JSON.stringify(given.claims), String(given.header.alg), given.secret),
  );

/** A token, or what came of it on the way: letters changed, left out, doubled, parts swapped. */
const mutated = fc
  .tuple(
    token,
    fc.constantFrom('none', 'change', 'leave out', 'insert', 'cut', 'append', 'swap'),
    fc.nat(),
    fc.constantFrom('A', '_', '-', '+', '/', '=', '.', ' ', 'é', '\n', '\u0000', '%'),
  )
  .map(([text, kind, n, letter]) => {
    const at = n % text.length;
    const parts = text.split('.');
    switch (kind) {
      case 'change':
        return text.slice(0, at) + letter + text.slice(at + 1);
      case 'leave out':
        return text.slice(0, at) + text.slice(at + 1);
      case 'insert':
        return text.slice(0, at) + letter + text.slice(at);
      case 'cut':
        return text.slice(0, at);
      case 'append':
        return text + letter;
      case 'swap':
        return [parts[1], parts[0], parts[2]].join('.');
      default:
        return text;
    }
  });

const agree = async (text: string, more: Partial<VerifierOptions>): Promise<boolean> => {
  const slow = await createVerifier({ ...settings, ...more }).verify(text);
  const quick = await createVerifier({ ...settings, ...more, signed }).verify(text);
  expect(quick).toEqual(slow);
  return slow.ok;
};

describe('the shorter way for tokens signed by the secret', () => {
  it('says of every token, good or tampered with, what the library says', async () => {
    let good = 0;
    let bad = 0;
    const property = fc.asyncProperty(mutated, fc.constantFrom({}, strict), async (text, more) => {
      if (await agree(text, more)) good += 1;
      else bad += 1;
    });
    await fc.assert(property, { numRuns: 6_000 });
    expect(Math.min(good, bad)).toBeGreaterThan(300);
  });

  it.each([
    ['duplicate fields', tokenOf('{"alg":"none","alg":"HS256"}', `{"sub":"alice","exp":1,"exp":${NOW + 9}}`)],
    ['a field that would be a prototype', tokenOf('{"alg":"HS256","__proto__":{"crit":["x"]}}', '{"sub":"alice"}')],
    ['claims in a prototype', tokenOf('{"alg":"HS256"}', `{"__proto__":{"sub":"alice","exp":${NOW + 9}}}`)],
    ['an endless life', tokenOf('{"alg":"HS256"}', '{"sub":"alice","exp":1e999}')],
    ['a mark of byte order', tokenOf('{"alg":"HS256"}', `\ufeff{"sub":"alice","exp":${NOW + 9}}`)],
    [
      'bytes that are not UTF-8',
      tokenOf(
        '{"alg":"HS256"}',
        Buffer.concat([Buffer.from('{"sub":"a'), Buffer.of(0xff), Buffer.from(`","exp":${NOW + 9}}`)]),
      ),
    ],
    ['a list for claims', tokenOf('{"alg":"HS256"}', '[]')],
    ['padding', `${tokenOf('{"alg":"HS256"}', `{"sub":"alice","exp":${NOW + 9}}`)}=`],
    ['nothing', ''],
    ['two dots', '..'],
  ])('agrees on %s', async (_, text) => {
    await agree(text, {});
  });

  it('is taken by plain tokens, and by none that is signed otherwise', () => {
    const plain = `{"sub":"alice","exp":${NOW + 9}}`;
    expect(signed(tokenOf('{"alg":"HS256","typ":"JWT"}', plain))).toEqual({ sub: 'alice', exp: NOW + 9 });
    expect(signed(tokenOf('{"alg":"HS512"}', plain, 'HS512'))).toBeDefined();
    expect(signed(tokenOf('{"alg":"HS256"}', plain, 'HS256', 'another secret'))).toBeUndefined();
    expect(signed(tokenOf('{"alg":"HS384"}', plain, 'HS384'))).toBeUndefined();
    expect(signed(tokenOf('{"alg":"HS256","crit":["b64"],"b64":true}', plain))).toBeUndefined();
  });
});
