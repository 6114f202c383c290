import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, type LocalRedis, requireProgram } from '@aideals/local-cluster';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestBench } from '../testing/redis.js';

const bench = new TestBench();
let server: LocalRedis;
let tlsPort: number;
const password = 'a password';
const host = '127.0.0.1';

/** A certificate that nobody vouches for. */
const certificate = async (): Promise<readonly string[]> => {
  const [key, cert] = [join(bench.folder, 'key.pem'), join(bench.folder, 'cert.pem')];
  const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  await promisify(execFile)(await requireProgram('openssl'), [...make, '-keyout', key, '-out', cert]);
  return ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'];
};

beforeAll(async () => {
  tlsPort = await freePort();
  server = await bench.server({ password, args: ['--tls-port', String(tlsPort), ...(await certificate())] });
  const may = ['+@read', '+@write', '+@pubsub', '+@scripting', '+@connection', '+info', '+role', '+time'];
  await server.command('ACL', 'SETUSER', 'deals', 'on', '>theirs', '~x-1.*', '&x-1.*', '&x-1:*', ...may);
  await server.command('ACL', 'SETUSER', 'deaf', 'on', '>theirs', '~x.*', '&x.*', ...may);
  await server.command('ACL', 'SETUSER', 'reader', 'on', '>theirs', '~*', '+@read', '+@connection');
});
afterEach(() => bench.closeNodes());
afterAll(() => bench.close());

describe('at the start', () => {
  it('opens for a user of the access control list', async () => {
    const theirs = { host, port: server.port, username: 'deals', password: 'theirs', prefix: 'x-1' };
    const { bus, facts } = await bench.node(theirs);
    expect(await facts()).toMatchObject({ role: 'master', warnings: [] });
    await bus.subscribe('c', () => undefined);
    expect(await bus.publish('c', Buffer.from('m'))).toBe(1);
  });

  it.each([
    ['another password', { password: 'another' }, /^REDIS_PASSWORD: redis:\/\/127.0.0.1:\d+ refuses the user or the/u],
    ['no password', { password: undefined }, /^REDIS_PASSWORD: .* wants a password$/u],
    ['an unknown user', { username: 'nobody' }, /^REDIS_PASSWORD: .* refuses the user or the password$/u],
    ['a user who may not', { username: 'reader', password: 'theirs' }, /^REDIS_PASSWORD: the user may not .*role/u],
    [
      'a user of another prefix',
      { username: 'deals', password: 'theirs', prefix: 'y' },
      /^REDIS_PASSWORD: the user may not .*NOPERM/u,
    ],
    [
      'a user who may not hear others',
      { username: 'deaf', password: 'theirs' },
      /^REDIS_PASSWORD: the user may not .*NOPERM/u,
    ],
    ['no server', { port: 1 }, /^REDIS_HOST: redis:\/\/127.0.0.1:1 cannot be reached: ECONNREFUSED$/u],
    ['TLS that is not there', { ssl: true }, /^REDIS_SSL: .* does not answer in TLS$/u],
  ])('refuses %s in one line that names the setting', async (_, over, line) => {
    await expect(bench.node({ host, port: server.port, password, ...over })).rejects.toThrow(line);
  });

  it('says where TLS is wanted, and where the certificate is not trusted', async () => {
    const plain = { host, port: tlsPort, password };
    await expect(bench.node(plain)).rejects.toThrow(/^REDIS_SSL: .* it may want TLS$/u);
    await expect(bench.node({ ...plain, ssl: true })).rejects.toThrow(/^REDIS_SSL: the certificate .* is not trusted/u);
    const url = `rediss://:${encodeURIComponent(password)}@${host}:${tlsPort}`;
    await expect(bench.node({ url })).rejects.toThrow(/^AIDEALS_REDIS_URL: the certificate/u);
  });
});
