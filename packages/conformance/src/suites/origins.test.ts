import { expect } from 'vitest';
import { clientOf, errorWith, refusalOf } from '../expectations.js';
import { onTargets } from '../suite.js';

const listed = 'https://deals.example,http://127.0.0.1:5173';

onTargets('Origins that are listed', { env: { AIDEALS_ALLOWED_ORIGINS: listed } }, (bench, check) => {
  check('[CONN-9] a listed origin and none at all are let in', async () => {
    for (const origin of ['https://deals.example', 'http://127.0.0.1:5173', null]) {
      clientOf(await bench.dial({ headers: { Origin: origin } }));
    }
  });

  check('[CONN-9] another origin is 403', async () => {
    const others = ['https://deals.example.evil.test', 'http://deals.example', 'https://deals.example:8443', 'null'];
    for (const origin of [...others, bench.server.url]) {
      const refused = refusalOf(await bench.dial({ headers: { Origin: origin } }));
      expect(refused.status, origin).toBe(403);
      expect(refused.json).toEqual(errorWith('AUTHORIZATION_ERROR'));
    }
  });

  check('[CONN-3] a plain GET /ws of another origin is 403 too', async () => {
    const headers = { origin: 'https://evil.test' };
    const answer = await bench.server.call('GET', `/ws?token=${bench.token(bench.user())}`, { headers });
    expect(answer.status).toBe(403);
  });

  check('[HTTP-7] CORS names a listed origin, and not another', async () => {
    const preflight = (origin: string) =>
      bench.server.call('OPTIONS', '/v1/broadcast', {
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type,idempotency-key',
        },
      });
    const allowed = await preflight('https://deals.example');
    expect(allowed.status).toBeLessThan(300);
    expect(allowed.headers['access-control-allow-origin']).toBe('https://deals.example');
    expect(allowed.headers['access-control-allow-methods']).toContain('POST');
    expect(allowed.headers['access-control-allow-headers']?.toLowerCase()).toContain('authorization');
    expect((await preflight('https://evil.test')).headers['access-control-allow-origin']).toBeUndefined();
    const read = await bench.server.call('GET', '/healthz', { headers: { origin: 'https://deals.example' } });
    expect(read.headers['access-control-allow-origin']).toBe('https://deals.example');
  });
});

const stage = { STAGE: 'beta', AIDEALS_ALLOWED_ORIGINS: 'null' };

onTargets('A stage, and origins where null is listed', { env: stage }, (bench, check) => {
  check('[CONN-1] the stage is a path of its own', async () => {
    const token = bench.token(bench.user());
    expect((await (await bench.open({ path: `/beta?token=${token}` })).ask('ping')).type).toBe('pong');
    const elsewhere = refusalOf(await bench.dial({ path: `/prod?token=${token}` }));
    expect(elsewhere.status).toBe(bench.target.kind === 'serverless' ? 403 : 404);
  });

  check('[CONN-9] null is let in where it is listed', async () => {
    clientOf(await bench.dial({ headers: { Origin: 'null' } }));
    expect(refusalOf(await bench.dial({ headers: { Origin: 'https://deals.example' } })).status).toBe(403);
  });
});

onTargets('Origins by default', {}, (bench, check) => {
  check('[CONN-10] any origin is let in', async () => {
    clientOf(await bench.dial({ headers: { Origin: 'https://anywhere.test' } }));
  });
});

onTargets(
  'Origins in production',
  { env: { NODE_ENV: 'production', AIDEALS_TRUSTED_PROXIES: '127.0.0.1' } },
  (bench, check) => {
    check('[CONN-10] only an origin of the same host is let in', async () => {
      clientOf(await bench.dial({ headers: { Origin: bench.server.url } }));
      clientOf(await bench.dial());
      for (const origin of ['https://anywhere.test', 'null', 'http://127.0.0.1:1']) {
        expect(refusalOf(await bench.dial({ headers: { Origin: origin } })).status, origin).toBe(403);
      }
    });

    check('[CONN-10] behind a trusted proxy the forwarded host counts', async () => {
      const headers = { Origin: 'https://deals.example', 'X-Forwarded-Host': 'deals.example' };
      clientOf(await bench.dial({ headers }));
    });
  },
);
