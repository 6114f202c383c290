import { describe, expect, it } from 'vitest';
import { AidealsError } from '../errors.js';
import { Rig } from '../testing/rig.js';

const expiring = (renewable = true): Rig => {
  const rig = new Rig({ renewable });
  rig.open();
  rig.frame({ type: 'tokenExpiring', data: { expiresAt: 100 } });
  return rig;
};

describe('a token that expires soon', () => {
  it('is replaced by one of the callback, without a reconnect, and kept for the next dial', () => {
    const rig = expiring();
    expect(rig.effects).toMatchObject([{ type: 'token', fresh: true }]);
    rig.giveToken('new');
    const ask = rig.sentOne();
    expect(ask).toMatchObject({ action: 'refreshToken', data: { token: 'new' } });
    rig.frame({ type: 'tokenRefreshed', requestId: ask.requestId, data: { token: 'new', expiresAt: 200 } });
    expect(rig.state).toMatchObject({ token: 'new', stale: false, renewal: undefined, link: { at: 'open' } });
  });

  it('is asked of the server, where there is no callback', () => {
    const rig = expiring(false);
    const ask = rig.sentOne();
    expect(ask).toMatchObject({ action: 'refreshToken', data: {} });
    rig.frame({ type: 'tokenRefreshed', requestId: ask.requestId, data: { token: 'issued', expiresAt: 200 } });
    rig.closed(1006);
    rig.open();
    expect(rig.state.token).toBe('issued');
  });

  it('that the server does not replace is told of once', () => {
    const rig = expiring(false);
    rig.error('VALIDATION_ERROR', {}, rig.sentOne().requestId);
    expect(rig.take('error')).toMatchObject([{ error: { code: 'VALIDATION_ERROR' } }]);
    rig.pass(20_000);
    expect(rig.sent()).toEqual([]);
  });

  it('is asked for again each 5 s while the callback fails or gives a bad one', () => {
    const rig = expiring();
    const [first] = rig.take('token');
    rig.do({ type: 'tokenFailed', ticket: first?.ticket ?? 0, error: new AidealsError('TOKEN_ERROR', 'no') });
    rig.pass(5_000);
    rig.giveToken('bad');
    rig.error('AUTHENTICATION_ERROR', {}, rig.sentOne().requestId);
    rig.pass(5_000);
    rig.giveToken('good');
    expect(rig.sentOne()).toMatchObject({ action: 'refreshToken', data: { token: 'good' } });
  });

  it('is asked for again when the callback hangs', () => {
    const rig = expiring();
    rig.pass(15_000);
    rig.pass(5_000);
    expect(rig.take('token')).toHaveLength(2);
  });

  it('is not used for the next dial, when the connection ends before it was replaced', () => {
    const rig = expiring();
    rig.take('token');
    rig.closed(1006);
    rig.pass(1_000);
    expect(rig.take('token')).toMatchObject([{ fresh: true }]);
  });
});

describe('a token that expired', () => {
  it('is renewed at the first answer that says so, and what was refused is asked again', () => {
    const rig = new Rig();
    rig.open();
    rig.subscribe('s1');
    rig.error('AUTHENTICATION_ERROR', {}, rig.sentOne().requestId);
    expect(rig.take('refused')).toMatchObject([{ id: 's1', outcome: 'retried' }]);
    rig.giveToken('new');
    const ask = rig.sentOne();
    expect(ask.action).toBe('refreshToken');
    rig.frame({ type: 'tokenRefreshed', requestId: ask.requestId, data: { token: 'new', expiresAt: 200 } });
    expect(rig.sentOne().action).toBe('subscribeToDeals');
  });
});
