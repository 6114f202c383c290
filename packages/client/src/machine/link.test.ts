import { describe, expect, it } from 'vitest';
import { AidealsError } from '../errors.js';
import { Rig } from '../testing/rig.js';

const opened = (config = {}): Rig => {
  const rig = new Rig(config);
  rig.open();
  return rig;
};

const waited = (rig: Rig): number => {
  if (rig.state.link.at !== 'waiting') throw new Error(`it is ${rig.state.link.at}`);
  return rig.state.link.until - rig.now;
};

describe('dialling', () => {
  it('asks for a token first, dials with it, and keeps it for the next dial', () => {
    const rig = new Rig();
    rig.do({ type: 'connect' });
    expect(rig.effects).toMatchObject([{ type: 'token', fresh: false }]);
    rig.giveToken('a');
    expect(rig.take('dial')).toMatchObject([{ token: 'a' }]);
    rig.do({ type: 'opened', socket: rig.socket });
    rig.closed(1006);
    rig.pass(waited(rig));
    expect(rig.take('token')).toEqual([]);
    expect(rig.take('dial')).toMatchObject([{ token: 'a' }]);
  });

  it('asks for a new token after a failed dial, and finds out why it failed', () => {
    const rig = new Rig();
    rig.do({ type: 'connect' });
    rig.giveToken('a');
    rig.closed(1006);
    expect(rig.take('probe')).toMatchObject([{ token: 'a' }]);
    rig.pass(waited(rig));
    expect(rig.take('token')).toMatchObject([{ fresh: true }]);
  });

  it('waits a random part of a ceiling that doubles from 500 ms up to 30 s', () => {
    const rig = new Rig({ renewable: false });
    const ceilings: number[] = [];
    rig.random = 0.5;
    rig.do({ type: 'connect' });
    rig.giveToken();
    for (let i = 0; i < 9; i += 1) {
      rig.closed(1006);
      ceilings.push(waited(rig) * 2);
      rig.pass(waited(rig));
    }
    expect(ceilings).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('begins with 500 ms again only after a connection that lived', () => {
    const rig = opened();
    for (let i = 0; i < 3; i += 1) {
      rig.closed(1011);
      rig.open();
    }
    expect(rig.state.attempt).toBe(3);
    rig.pass(6000);
    rig.closed(1011);
    expect(rig.state.attempt).toBe(0);
    expect(waited(rig)).toBe(250);
  });

  it('gives up a dial that leads to nothing', () => {
    const rig = new Rig();
    rig.do({ type: 'connect' });
    rig.giveToken();
    rig.pass(15_000);
    expect(rig.take('drop')).toMatchObject([{ dead: true }]);
    expect(rig.state.link.at).toBe('waiting');
  });

  it('gives up a token callback that does not come back, and ignores its late answer', () => {
    const rig = new Rig();
    rig.do({ type: 'connect' });
    const [ask] = rig.take('token');
    rig.pass(15_000);
    expect(rig.take('error')).toMatchObject([{ error: { code: 'TIMEOUT' } }]);
    rig.do({ type: 'token', ticket: ask?.ticket ?? 0, token: 'late' });
    expect(rig.take('dial')).toEqual([]);
    expect(rig.state.link.at).toBe('waiting');
  });

  it('tells of a token callback that failed, and tries again', () => {
    const rig = new Rig();
    rig.do({ type: 'connect' });
    const [ask] = rig.take('token');
    rig.do({ type: 'tokenFailed', ticket: ask?.ticket ?? 0, error: new AidealsError('TOKEN_ERROR', 'no') });
    expect(rig.take('error')).toMatchObject([{ error: { code: 'TOKEN_ERROR' } }]);
    rig.pass(waited(rig));
    expect(rig.state.link.at).toBe('token');
  });

  it('does not wait any longer when the network is back', () => {
    const rig = opened();
    rig.closed(1006);
    rig.do({ type: 'online' });
    expect(rig.state.link.at).toBe('dialling');
  });

  it('ignores what an older socket still tells', () => {
    const rig = opened();
    const old = rig.socket;
    rig.closed(1006);
    rig.open();
    rig.do({ type: 'closed', socket: old, code: 4003 });
    rig.do({ type: 'frame', socket: old, frame: { type: 'goAway', data: { afterMs: 1, spreadMs: 0 }, timestamp: 1 } });
    expect(rig.state.link).toMatchObject({ at: 'open', leaving: undefined });
  });
});

describe('why a dial failed', () => {
  const failed = (renewable: boolean): { rig: Rig; socket: number } => {
    const rig = new Rig({ renewable });
    rig.do({ type: 'connect' });
    rig.giveToken();
    const { socket } = rig;
    rig.closed(1006);
    return { rig, socket };
  };

  it('a token that is refused and cannot be renewed ends it', () => {
    const { rig, socket } = failed(false);
    rig.do({ type: 'probed', socket, error: new AidealsError('AUTHENTICATION_ERROR', 'the token expired') });
    expect(rig.state.link).toMatchObject({ at: 'closed', error: { code: 'AUTHENTICATION_ERROR' } });
  });

  it('a token that is refused and can be renewed is renewed, after the wait', () => {
    const { rig, socket } = failed(true);
    rig.do({ type: 'probed', socket, error: new AidealsError('AUTHENTICATION_ERROR', 'the token expired') });
    rig.pass(waited(rig));
    expect(rig.take('token')).toMatchObject([{ fresh: true }]);
  });

  it('a server that is full is given the time it asks for, and the token stays', () => {
    const { rig, socket } = failed(true);
    rig.do({ type: 'probed', socket, error: new AidealsError('CONNECTION_ERROR', 'draining', { retryAfter: 7 }) });
    expect(waited(rig)).toBe(7500);
    rig.pass(7500);
    expect(rig.state.link.at).toBe('dialling');
  });

  it('an answer that comes when the next dial is under way changes nothing', () => {
    const { rig, socket } = failed(false);
    rig.pass(waited(rig));
    rig.do({ type: 'probed', socket, error: new AidealsError('AUTHENTICATION_ERROR', 'late') });
    expect(rig.state.link.at).toBe('dialling');
  });
});

describe('the advice of a close', () => {
  const end = (code: number, before: (rig: Rig) => void = () => undefined): Rig => {
    const rig = opened();
    rig.pass(6000);
    before(rig);
    rig.closed(code);
    return rig;
  };

  it.each([1000, 4003, 4010])('%i: does not come back, until it is told to', (code) => {
    const rig = end(code);
    rig.pass(3_600_000);
    expect(rig.state.link).toMatchObject({ at: 'closed', code });
    rig.do({ type: 'connect' });
    expect(rig.state.link.at).toBe('dialling');
  });

  it.each([1001, 1002, 1003, 1006, 1007, 1008, 1009, 1011, 1012, 3000])('%i: comes back with backoff', (code) => {
    expect(waited(end(code))).toBe(250);
  });

  it('4008: comes back at once, but not in a tight loop', () => {
    const rig = end(4008);
    expect(waited(rig)).toBe(0);
    rig.open();
    rig.closed(4008);
    expect(waited(rig)).toBe(250);
  });

  it('4001: comes back with a new token', () => {
    const rig = end(4001);
    rig.pass(0);
    expect(rig.take('token')).toMatchObject([{ fresh: true }]);
  });

  it('4001: ends where there is no way to a new token', () => {
    const rig = opened({ renewable: false });
    rig.closed(4001);
    expect(rig.state.link).toMatchObject({ at: 'closed', code: 4001, error: { code: 'AUTHENTICATION_ERROR' } });
  });

  it('4009: waits for the next need, where nothing is subscribed', () => {
    const rig = end(4009);
    expect(rig.state.link).toMatchObject({ at: 'idle', code: 4009 });
    rig.do({ type: 'connect' });
    expect(rig.state.link.at).toBe('dialling');
  });

  it('4009: a subscription is a need', () => {
    const rig = end(4009, (r) => r.live('s1', 'x', 'e-1'));
    expect(waited(rig)).toBe(250);
  });

  it('4029: comes back after the time that was told', () => {
    const rig = end(4029, (r) => r.error('RATE_LIMIT_EXCEEDED', { retryAfter: 9 }));
    expect(waited(rig)).toBe(9500);
  });

  it('what one refusal told does not delay the return after another end', () => {
    const rig = end(1012, (r) => r.error('RATE_LIMIT_EXCEEDED', { retryAfter: 9 }, 'c1'));
    expect(waited(rig)).toBe(250);
  });

  it('the advice that came as a frame counts, where the deployment cannot send codes', () => {
    const rig = end(1000, (r) => r.error('CONNECTION_ERROR', { closeCode: 4008 }));
    expect(waited(rig)).toBe(0);
    expect(end(1006, (r) => r.error('CONNECTION_ERROR', { closeCode: 4010 })).state.link.at).toBe('closed');
  });
});

describe('a server that goes away', () => {
  it('is left when no call is in flight, and the return waits for the delay told and a part of the spread', () => {
    const rig = opened();
    rig.frame({ type: 'goAway', data: { afterMs: 4000, spreadMs: 1000 } });
    expect(rig.take('leaving')).toHaveLength(1);
    rig.pass(300);
    rig.do({ type: 'quiet' });
    expect(rig.take('drop')).toMatchObject([{ dead: false }]);
    expect(rig.take('lost')).toHaveLength(1);
    expect(waited(rig)).toBe(4200);
  });

  it('is left after a second in any case, and gets nothing new meanwhile', () => {
    const rig = opened();
    rig.frame({ type: 'goAway', data: { afterMs: 0, spreadMs: 0 } });
    rig.subscribe('s1');
    expect(rig.sent()).toEqual([]);
    rig.pass(999);
    expect(rig.state.link.at).toBe('open');
    rig.now += 1;
    rig.do({ type: 'tick' });
    expect(rig.state.link.at).toBe('waiting');
  });

  it('that closes first is given the same time', () => {
    const rig = opened();
    rig.frame({ type: 'goAway', data: { afterMs: 4000, spreadMs: 0 } });
    rig.closed(1012);
    expect(waited(rig)).toBe(4000);
  });
});

describe('the heartbeat', () => {
  it('pings after 25 s of silence, and not while something is heard', () => {
    const rig = opened();
    rig.pass(24_999);
    rig.frame({ type: 'notification' });
    rig.pass(24_999);
    expect(rig.sent()).toEqual([]);
    rig.pass(1);
    expect(rig.sentOne()).toMatchObject({ action: 'ping', data: {} });
  });

  it('takes a link that brings nothing for 10 s after a ping for dead', () => {
    const rig = opened();
    rig.pass(35_000);
    expect(rig.take('drop')).toMatchObject([{ dead: true }]);
    expect(rig.take('lost')).toEqual([{ type: 'lost', code: 1006 }]);
    expect(rig.state.link.at).toBe('waiting');
  });

  it('is content with any frame', () => {
    const rig = opened();
    rig.pass(30_000);
    rig.frame({ type: 'notification' });
    rig.pass(20_000);
    expect(rig.take('drop')).toEqual([]);
  });

  it('asks for a position each five minutes, however much else comes', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1');
    for (let i = 0; i < 34; i += 1) {
      rig.pass(9_000);
      rig.frame({ type: 'notification' });
    }
    expect(rig.sentOne()).toMatchObject({ action: 'ping' });
  });

  it('gives a link that slept the time to answer', () => {
    const rig = opened();
    rig.now += 8 * 3_600_000;
    rig.do({ type: 'tick' });
    expect(rig.sentOne().action).toBe('ping');
    expect(rig.state.link.at).toBe('open');
    rig.frame({ type: 'pong' });
    rig.pass(20_000);
    expect(rig.state.link.at).toBe('open');
  });

  it('asks an open link at once when the network has changed', () => {
    const rig = opened();
    rig.do({ type: 'online' });
    rig.do({ type: 'online' });
    expect(rig.sentOne().action).toBe('ping');
  });
});

describe('the end', () => {
  it('drops the connection, and nothing comes back', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1');
    rig.do({ type: 'close' });
    expect(rig.take('drop')).toHaveLength(1);
    expect(rig.state.link.at).toBe('closed');
    rig.pass(3_600_000);
    expect(rig.take('dial')).toEqual([]);
  });
});
