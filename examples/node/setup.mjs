// What both examples need: where the server is, a token, and one HTTP call to publish.
import { SignJWT } from 'jose';

export const url = process.env.AIDEALS_EXAMPLE_URL ?? `http://127.0.0.1:${process.env.PORT ?? '3001'}`;
export const socketUrl = url.replace(/^http/u, 'ws');

const secret = new TextEncoder().encode(process.env.JWT_SECRET ?? 'test-secret');

/** In a deployment the identity provider makes it; on a developer's machine the secret does. */
export const token = (userId, claims = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setSubject(userId).setExpirationTime('1h').sign(secret);

export const publish = async (event) => {
  const response = await fetch(`${url}/v1/broadcast`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token('crawler', { scope: 'publish' })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(event),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
};
