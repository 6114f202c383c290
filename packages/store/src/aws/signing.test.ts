import { expect, it } from 'vitest';
import { createSigner, sha256 } from './signing.js';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const asked = {
  method: 'GET',
  host: 'example.amazonaws.com',
  path: '/',
  bodyHash: sha256(''),
  now: Date.UTC(2015, 7, 30, 12, 36),
};

it('a request is signed as the published example is', () => {
  const sign = createSigner('us-east-1', 'service');
  expect(sign(asked, credentials)).toEqual({
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  });
});

it('a key is derived anew for another day, and for another secret', () => {
  const sign = createSigner('us-east-1', 'service');
  const first = sign(asked, credentials)['authorization'];
  sign({ ...asked, now: asked.now + 86_400_000 }, credentials);
  sign(asked, { ...credentials, secretAccessKey: 'another' });
  expect(sign(asked, credentials)['authorization']).toBe(first);
});

it('a session’s token is signed too', () => {
  const signed = createSigner('us-east-1', 'service')(asked, { ...credentials, sessionToken: 'token' });
  expect(signed['x-amz-security-token']).toBe('token');
  expect(signed['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
});
