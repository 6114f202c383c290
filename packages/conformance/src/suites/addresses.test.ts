import { expect } from 'vitest';
import { clientOf, errorWith, refusalOf } from '../expectations.js';
import { onTargets } from '../suite.js';

const addresses = {
  AIDEALS_TRUSTED_PROXIES: '127.0.0.1/32,198.51.100.0/24',
  AIDEALS_IP_ALLOW: '127.0.0.1,10.0.0.0/8,203.0.113.9,2001:db8::/32',
  AIDEALS_IP_DENY: '10.9.0.0/16,2001:db8:bad::/48',
};

onTargets('Addresses', { env: addresses }, (bench, check) => {
  const from = (forwarded: string) => bench.dial({ headers: { 'X-Forwarded-For': forwarded } });

  check('[CONN-11] an address that is allowed and not denied is let in', async () => {
    for (const address of ['10.1.2.3', '203.0.113.9', '2001:db8::7']) clientOf(await from(address));
  });

  check('[CONN-11] an address that is denied, or not allowed, is 403', async () => {
    const refusedOnes = ['10.9.1.1', '::ffff:10.9.1.1', '203.0.113.10', '11.0.0.1', '2001:db8:bad::1', '2001:db9::1'];
    for (const address of refusedOnes) {
      const refused = refusalOf(await from(address));
      expect(refused.status, address).toBe(403);
      expect(refused.json, address).toEqual(errorWith('AUTHORIZATION_ERROR'));
      const answer = await bench.call('POST', '/v1/broadcast', {
        body: { data: {} },
        headers: { 'x-forwarded-for': address },
      });
      expect(answer.status, address).toBe(403);
    }
  });

  check('[CONN-12] the last forwarded address that is no trusted proxy counts', async () => {
    clientOf(await from('10.9.1.1, 10.1.2.3'));
    clientOf(await from('10.9.1.1, 10.1.2.3, 198.51.100.7'));
    expect(refusalOf(await from('10.1.2.3, 10.9.1.1')).status).toBe(403);
    expect(refusalOf(await from('10.1.2.3, 10.9.1.1, 198.51.100.7')).status).toBe(403);
  });
});

onTargets('Addresses without a trusted proxy', { env: { AIDEALS_IP_DENY: '192.0.2.7' } }, (bench, check) => {
  check('[CONN-12] what a stranger writes into X-Forwarded-For is not believed', async () => {
    clientOf(await bench.dial({ headers: { 'X-Forwarded-For': '192.0.2.7' } }));
  });
});
