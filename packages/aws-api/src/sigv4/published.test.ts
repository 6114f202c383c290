import { describe, expect, it } from 'vitest';
import { verifySignature } from './verify.js';

/** Requests and signatures of the test suite that AWS published for Signature Version 4. */
const ACCESS_KEY = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const NOW = Date.UTC(2015, 7, 30, 12, 36);
const DATE = '20150830T123600Z';

interface Published {
  readonly name: string;
  readonly signature: string;
  readonly method?: string;
  readonly rawPath?: string;
  readonly rawQuery?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

const VANILLA = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';

const published: readonly Published[] = [
  { name: 'get-vanilla', signature: VANILLA },
  { name: 'get-relative', rawPath: '/example/..', signature: VANILLA },
  { name: 'get-relative-relative', rawPath: '/example1/example2/../..', signature: VANILLA },
  { name: 'get-slash', rawPath: '//', signature: VANILLA },
  { name: 'get-slash-dot-slash', rawPath: '/./', signature: VANILLA },
  {
    name: 'get-slash-pointless-dot',
    rawPath: '/./example',
    signature: 'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5',
  },
  {
    name: 'get-slashes',
    rawPath: '//example//',
    signature: '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  },
  {
    name: 'get-space',
    rawPath: '/example space/',
    signature: '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
  },
  {
    name: 'get-utf8',
    rawPath: '/ሴ',
    signature: '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    rawQuery: 'Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'get-vanilla-query-unreserved',
    rawQuery:
      '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  },
  {
    name: 'get-header-key-duplicate',
    headers: { 'my-header1': ['value2', 'value2', 'value1'] },
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  {
    name: 'get-header-value-trim',
    headers: { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
];

describe('the published test suite of Signature Version 4', () => {
  it.each(published)(
    '$name',
    ({ method = 'GET', rawPath = '/', rawQuery = '', headers = {}, body = '', signature }) => {
      const given = { ...headers, host: 'example.amazonaws.com', 'x-amz-date': DATE };
      const names = Object.keys(given).sort().join(';');
      const authorization = `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`;
      const request = { method, rawPath, rawQuery, headers: { ...given, authorization }, body: Buffer.from(body) };
      const secretOf = (id: string) => (id === ACCESS_KEY ? SECRET : undefined);
      expect(verifySignature(request, { secretOf, service: 'service', now: NOW })).toEqual({
        ok: true,
        accessKeyId: ACCESS_KEY,
      });
    },
  );
});
