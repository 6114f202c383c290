import { describe, expect, it } from 'vitest';
import { cursorOf } from '../machine.js';
import { Rig } from '../testing/rig.js';

const opened = (): Rig => {
  const rig = new Rig();
  rig.open();
  return rig;
};

const cursor = (rig: Rig, id = 's1'): string | undefined => {
  const sub = rig.state.subs.get(id);
  return sub && cursorOf(rig.state, sub);
};

const reopen = (rig: Rig): void => {
  rig.closed(1006);
  rig.open();
};

describe('a subscription', () => {
  it('is asked for when there is a connection, without a cursor the first time', () => {
    const rig = new Rig();
    rig.subscribe('s1', { category: 'technology' });
    expect(rig.sent()).toEqual([]);
    rig.open();
    const ask = rig.sentOne();
    expect(ask.action).toBe('subscribeToDeals');
    expect(ask.data).toEqual({ topic: 'new-deals', filters: { category: 'technology' } });
    rig.confirm(ask, 'x', 'e-7');
    expect(rig.take('confirmed')).toEqual([{ type: 'confirmed', id: 's1', serverId: 'x' }]);
    expect(cursor(rig)).toBe('e-7');
  });

  it('is asked for with the cursor that the application gives', () => {
    const rig = opened();
    rig.subscribe('s1', {}, 'new-deals', 'e-3');
    const ask = rig.sentOne();
    expect(ask.data).toMatchObject({ lastEventId: 'e-3' });
    rig.confirm(ask, 'x', 'e-7', { recovered: true });
    expect(rig.state.subs.get('s1')?.phase).toBe('replaying');
    expect(cursor(rig)).toBe('e-3');
  });

  it('that is not confirmed in time means that the link is dead', () => {
    const rig = opened();
    rig.subscribe('s1');
    rig.sentOne();
    rig.pass(24_000);
    rig.frame({ type: 'notification' });
    rig.pass(6_000);
    expect(rig.take('drop')).toMatchObject([{ dead: true }]);
  });
});

describe('the cursor', () => {
  it('follows every id of the connection while live, and never goes back', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-7');
    rig.deal('e-9');
    rig.deal('e-8');
    expect(cursor(rig)).toBe('e-9');
  });

  it('takes an id of another epoch for newer', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-7');
    rig.deal('f-2');
    expect(cursor(rig)).toBe('f-2');
  });

  it('follows the position of a pong, so that a rare filter keeps a fresh one', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-7');
    rig.frame({ type: 'pong', lastEventId: 'e-900' });
    expect(cursor(rig)).toBe('e-900');
  });

  it('follows only the replayed ids during a replay, and then the position that ends it', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-7');
    reopen(rig);
    rig.confirm(rig.sentOne(), 'y', 'e-20', { recovered: true });
    rig.deal('e-8', { replay: 'y' });
    rig.deal('e-30');
    rig.frame({ type: 'pong', lastEventId: 'e-30' });
    expect(cursor(rig)).toBe('e-8');
    rig.recovered('y', 'e-20', 1);
    expect(rig.take('recovered')).toEqual([{ type: 'recovered', id: 's1', replayed: 1 }]);
    expect(cursor(rig)).toBe('e-20');
    rig.deal('e-31');
    expect(cursor(rig)).toBe('e-31');
  });

  it('is what a reconnect resumes from, also in the middle of a replay', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-7');
    rig.deal('e-9');
    reopen(rig);
    const first = rig.sentOne();
    expect(first.data).toMatchObject({ lastEventId: 'e-9' });
    rig.confirm(first, 'y', 'e-20', { recovered: true });
    rig.deal('e-11', { replay: 'y' });
    reopen(rig);
    expect(rig.sentOne().data).toMatchObject({ lastEventId: 'e-11' });
  });

  it('of a new subscription does not begin before its own confirmation, whatever others received', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-7');
    rig.deal('d-99');
    rig.live('s2', 'y', 'e-8');
    expect(cursor(rig, 's2')).toBe('e-8');
  });
});

describe('a gap', () => {
  it('is told, and what is still there is handed on', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-7');
    reopen(rig);
    const lost = { reason: 'retention', oldest: 'e-50' };
    rig.confirm(rig.sentOne(), 'y', 'e-60', { recovered: false, lost });
    expect(rig.take('gap')).toEqual([{ type: 'gap', id: 's1', lost }]);
    expect(rig.deal('e-50', { replay: 'y' })).toEqual(['s1']);
  });
});

describe('whose a deal is', () => {
  it('with one subscription it is that one’s, whatever its data says', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { minDiscount: 20 });
    expect(rig.deal('e-2', { data: {} })).toEqual(['s1']);
  });

  it('with more of them each one’s topic and filters decide', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    rig.live('s2', 'y', 'e-1', { minDiscount: 20 });
    rig.live('s3', 'z', 'e-1', {}, 'all-deals');
    rig.live('s4', 'w', 'e-1', {}, 'other');
    expect(rig.deal('e-2', { data: { category: 'technology', discountPercentage: 35 } })).toEqual(['s1', 's2', 's3']);
    expect(rig.deal('e-3', { data: { category: 'furniture' } })).toEqual(['s3']);
  });

  it('attributes that the publisher gave besides count', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    rig.live('s2', 'y', 'e-1', { minDiscount: 20 });
    const filters = { discount: 35, category: null };
    expect(rig.deal('e-2', { data: { category: 'technology' }, filters })).toEqual(['s1', 's2']);
  });

  it('one that matches by what is not told goes to all on its topic, rather than to none', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    rig.live('s2', 'y', 'e-1', { minDiscount: 20 });
    rig.live('s3', 'z', 'e-1', {}, 'other');
    expect(rig.deal('e-2', { data: {} })).toEqual(['s1', 's2']);
  });

  it('a replayed deal is its subscription’s alone, and not for one that is live already', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1');
    rig.subscribe('s2', {}, 'new-deals', 'e-0');
    rig.confirm(rig.sentOne(), 'x', 'e-5', { recovered: true });
    expect(rig.deal('e-1', { replay: 'x' })).toEqual(['s2']);
    rig.recovered('x', 'e-5');
    expect(rig.deal('e-6')).toEqual(['s1', 's2']);
  });

  it('one that overtakes the confirmation is not lost', () => {
    const rig = opened();
    rig.subscribe('s1', { category: 'technology' });
    const ask = rig.sentOne();
    expect(rig.deal('e-2', { data: { category: 'technology' } })).toEqual(['s1']);
    rig.confirm(ask, 'x', 'e-1');
    expect(cursor(rig)).toBe('e-1');
  });

  it('subscriptions that the application made by hand do not give theirs to ours', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    rig.do({ type: 'byHand' });
    expect(rig.deal('e-2', { data: { category: 'furniture' } })).toEqual([]);
  });
});

const change = (rig: Rig, filters = { category: 'furniture' }, id = 's1', topic = 'new-deals'): void =>
  void rig.do({ type: 'update', id, request: { topic, filters } });

describe('a change of filters in its place', () => {
  const technology = (): Rig => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    return rig;
  };

  it('is asked of the server, and serves by the old ones or the new ones until the answer, then by the new ones', () => {
    const rig = technology();
    change(rig);
    const ask = rig.sentOne();
    expect(ask).toMatchObject({
      action: 'updateSubscription',
      data: { subscriptionId: 'x', filters: { category: 'furniture' } },
    });
    expect(rig.deal('e-2', { data: { category: 'technology' } })).toEqual(['s1']);
    rig.changed(ask, 'x', 'e-2');
    expect(rig.take('confirmed')).toEqual([{ type: 'confirmed', id: 's1', serverId: 'x' }]);
    expect(rig.state.subs.get('s1')).toMatchObject({ phase: 'live', serverId: 'x', before: undefined });
    expect(cursor(rig)).toBe('e-2');
    expect(rig.sent()).toEqual([]);
  });

  it('takes the id of another one with equal filters where the server says so', () => {
    const rig = technology();
    change(rig);
    rig.changed(rig.sentOne(), 'z', 'e-2', { ended: 'x' });
    expect(rig.state.subs.get('s1')).toMatchObject({ phase: 'live', serverId: 'z' });
  });

  it('is made one after the other, to the last one', () => {
    const rig = technology();
    change(rig, { category: 'a' });
    const first = rig.sentOne();
    change(rig, { category: 'b' });
    change(rig, { category: 'c' });
    expect(rig.sent()).toEqual([]);
    rig.changed(first, 'x', 'e-2');
    expect(rig.take('confirmed')).toEqual([]);
    const second = rig.sentOne();
    expect(second.data).toEqual({ subscriptionId: 'x', filters: { category: 'c' } });
    rig.changed(second, 'x', 'e-3');
    expect(rig.take('confirmed')).toHaveLength(1);
    expect(rig.state.subs.get('s1')).toMatchObject({ filters: { category: 'c' }, serverId: 'x' });
  });

  it('goes on to the last one also where the first is refused', () => {
    const rig = technology();
    change(rig, { category: 'a' });
    const first = rig.sentOne();
    change(rig, { category: 'b' });
    rig.error('VALIDATION_ERROR', {}, first.requestId);
    expect(rig.take('refused')).toEqual([]);
    expect(rig.sentOne().data).toEqual({ subscriptionId: 'x', filters: { category: 'b' } });
  });

  it('says what stands where a later one is refused', () => {
    const rig = technology();
    change(rig, { category: 'a' });
    const first = rig.sentOne();
    change(rig, { category: 'b' });
    rig.changed(first, 'x', 'e-2');
    rig.error('VALIDATION_ERROR', {}, rig.sentOne().requestId);
    expect(rig.take('refused')).toMatchObject([{ outcome: 'reverted', standing: { filters: { category: 'a' } } }]);
    expect(rig.state.subs.get('s1')).toMatchObject({ filters: { category: 'a' }, phase: 'live', serverId: 'x' });
  });

  it('is asked for again later where the server has no time for it', () => {
    const rig = technology();
    change(rig);
    rig.error('RATE_LIMIT_EXCEEDED', { retryAfter: 2 }, rig.sentOne().requestId);
    expect(rig.take('refused')).toMatchObject([{ outcome: 'retried' }]);
    rig.pass(3_100);
    expect(rig.sentOne()).toMatchObject({ action: 'updateSubscription', data: { subscriptionId: 'x' } });
  });

  it.each(['SUBSCRIPTION_ERROR', 'unknown'])('is asked for anew where the server answers %s', (code) => {
    const rig = technology();
    change(rig);
    const asked = rig.sentOne();
    if (code === 'unknown') rig.unknown(asked);
    else rig.error(code, {}, asked.requestId);
    const anew = rig.sentOne();
    expect(anew).toMatchObject({ action: 'subscribeToDeals', data: { filters: { category: 'furniture' } } });
    rig.confirm(anew, 'y', 'e-2');
    expect(rig.sentOne()).toMatchObject({ action: 'unsubscribeFromDeals', data: { subscriptionId: 'x' } });
  });

  it('is tried on the next connection, though the last one did not know it', () => {
    const rig = technology();
    change(rig);
    rig.unknown(rig.sentOne());
    rig.confirm(rig.sentOne(), 'y', 'e-2');
    rig.error('SUBSCRIPTION_ERROR', {}, rig.sentOne().requestId);
    change(rig, { category: 'a' });
    expect(rig.sentOne().action).toBe('subscribeToDeals');
    reopen(rig);
    rig.confirm(rig.sentOne(), 'z', 'e-3', { recovered: true });
    rig.recovered('z', 'e-3');
    change(rig, { category: 'b' });
    expect(rig.sentOne().action).toBe('updateSubscription');
  });

  it('is not asked for where another lives by the same one, or the topic is another', () => {
    const shared = technology();
    shared.subscribe('s2', { category: 'technology' });
    shared.confirm(shared.sentOne(), 'x', 'e-1');
    change(shared);
    expect(shared.sentOne().action).toBe('subscribeToDeals');
    const moved = technology();
    change(moved, { category: 'technology' }, 's1', 'flash-sales');
    expect(moved.sentOne().action).toBe('subscribeToDeals');
    const manual = technology();
    manual.do({ type: 'byHand' });
    change(manual);
    expect(manual.sentOne().action).toBe('subscribeToDeals');
  });

  it('keeps those waiting who ask for the former filters, which the server may still have', () => {
    const rig = technology();
    change(rig);
    const asked = rig.sentOne();
    rig.subscribe('s2', { category: 'technology' });
    expect(rig.sent()).toEqual([]);
    rig.changed(asked, 'x', 'e-2');
    expect(rig.sentOne()).toMatchObject({ action: 'subscribeToDeals', data: { filters: { category: 'technology' } } });
  });

  it('ends with its subscription', () => {
    const rig = technology();
    change(rig);
    const asked = rig.sentOne();
    rig.do({ type: 'unsubscribe', id: 's1' });
    expect(rig.sentOne()).toMatchObject({ action: 'unsubscribeFromDeals', data: { subscriptionId: 'x' } });
    rig.changed(asked, 'x', 'e-2');
    expect(rig.sent()).toEqual([]);
  });
});

describe('a change of filters where the server changes none', () => {
  /** As above, on a server that was found not to know the action. */
  const live = (rig: Rig): void => {
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    rig.state = { ...rig.state, changes: false };
  };

  it('asks for the new ones, serves by the old ones until then, and ends those', () => {
    const rig = opened();
    live(rig);
    change(rig);
    const ask = rig.sentOne();
    expect(ask.data).toEqual({ topic: 'new-deals', filters: { category: 'furniture' } });
    expect(rig.deal('e-2', { data: { category: 'technology' } })).toEqual(['s1']);
    rig.confirm(ask, 'y', 'e-2');
    expect(rig.sentOne()).toMatchObject({ action: 'unsubscribeFromDeals', data: { subscriptionId: 'x' } });
    expect(rig.deal('e-3', { data: { category: 'technology' } })).toEqual([]);
    expect(rig.deal('e-4', { data: { category: 'furniture' } })).toEqual(['s1']);
  });

  it('resumes by the new ones where the connection breaks before they were confirmed', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    rig.deal('e-5');
    change(rig);
    reopen(rig);
    rig.sent();
    expect(rig.state.subs.get('s1')).toMatchObject({ filters: { category: 'furniture' }, cursor: 'e-5' });
  });

  it('goes back to the old ones where the new ones are refused', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    change(rig);
    rig.error('VALIDATION_ERROR', {}, rig.sentOne().requestId);
    expect(rig.take('refused')).toMatchObject([{ outcome: 'reverted' }]);
    expect(rig.state.subs.get('s1')).toMatchObject({
      phase: 'live',
      serverId: 'x',
      key: expect.stringContaining('tech'),
    });
    expect(rig.sent()).toEqual([]);
  });

  it('goes back to the old ones also on a new connection', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    change(rig);
    rig.sent();
    reopen(rig);
    rig.error('VALIDATION_ERROR', {}, rig.sentOne().requestId);
    expect(rig.sentOne().data).toMatchObject({ filters: { category: 'technology' }, lastEventId: 'e-1' });
  });

  it('twice in a row leads to the last ones, and ends both others', () => {
    const rig = opened();
    live(rig);
    change(rig, { category: 'a' });
    const first = rig.sentOne();
    change(rig, { category: 'b' });
    const second = rig.sentOne();
    rig.confirm(first, 'y', 'e-1');
    expect(rig.sentOne()).toMatchObject({ data: { subscriptionId: 'y' } });
    rig.confirm(second, 'z', 'e-1');
    expect(rig.sentOne()).toMatchObject({ data: { subscriptionId: 'x' } });
    expect(rig.state.subs.get('s1')).toMatchObject({ serverId: 'z', phase: 'live' });
  });

  it('there and back keeps what the server has', () => {
    const rig = opened();
    live(rig);
    change(rig, { category: 'a' });
    const first = rig.sentOne();
    change(rig, { category: 'technology' });
    rig.confirm(rig.sentOne(), 'x', 'e-1');
    expect(rig.sent()).toEqual([]);
    rig.confirm(first, 'y', 'e-1');
    expect(rig.sentOne()).toMatchObject({ data: { subscriptionId: 'y' } });
  });

  it('in the middle of a replay asks for what was not replayed yet', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    reopen(rig);
    rig.confirm(rig.sentOne(), 'y', 'e-20', { recovered: true });
    rig.deal('e-4', { replay: 'y' });
    change(rig);
    const ask = rig.sentOne();
    expect(ask.data).toMatchObject({ lastEventId: 'e-4' });
    expect(rig.deal('e-6', { replay: 'y' })).toEqual(['s1']);
    rig.confirm(ask, 'z', 'e-20', { recovered: true });
    expect(rig.deal('e-8', { replay: 'y' })).toEqual([]);
    expect(rig.deal('e-9', { replay: 'z' })).toEqual(['s1']);
    expect(cursor(rig)).toBe('e-9');
  });

  it('to the same ones asks nothing', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'technology' });
    change(rig, { category: 'technology' });
    expect(rig.sent()).toEqual([]);
    expect(rig.take('confirmed')).toHaveLength(1);
  });
});

describe('the end of a subscription', () => {
  const end = (rig: Rig, id = 's1'): void => void rig.do({ type: 'unsubscribe', id });

  it('is told to the server by its id', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1');
    end(rig);
    expect(rig.sentOne()).toMatchObject({ action: 'unsubscribeFromDeals', data: { subscriptionId: 'x' } });
    expect(rig.deal('e-2')).toEqual([]);
  });

  it('is not told while another one lives by the same', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: ['a', 'b'] });
    rig.subscribe('s2', { category: ['b', 'a'] });
    const ask = rig.sentOne();
    end(rig);
    expect(rig.sent()).toEqual([]);
    rig.confirm(ask, 'x', 'e-1');
    end(rig, 's2');
    expect(rig.sentOne()).toMatchObject({ data: { subscriptionId: 'x' } });
  });

  it('before its confirmation is told when that comes', () => {
    const rig = opened();
    rig.subscribe('s1');
    const ask = rig.sentOne();
    end(rig);
    expect(rig.sent()).toEqual([]);
    rig.confirm(ask, 'x', 'e-1');
    expect(rig.sentOne()).toMatchObject({ data: { subscriptionId: 'x' } });
    expect(rig.state.subs.size).toBe(0);
  });

  it('is told again later, where the server refused it for its rate', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1');
    end(rig);
    rig.error('RATE_LIMIT_EXCEEDED', { retryAfter: 3 }, rig.sentOne().requestId);
    rig.pass(3_500);
    const again = rig.sentOne();
    expect(again).toMatchObject({ data: { subscriptionId: 'x' } });
    rig.frame({ type: 'unsubscriptionConfirmed', requestId: again.requestId });
    expect(rig.state.ending.size).toBe(0);
  });

  it('while there is no connection concerns no one', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1');
    rig.closed(1006);
    end(rig);
    rig.open();
    expect(rig.sent()).toEqual([]);
  });
});

describe('a refusal', () => {
  const refused = (code: string, details = {}): Rig => {
    const rig = opened();
    rig.subscribe('s1');
    rig.error(code, details, rig.sentOne().requestId);
    return rig;
  };

  it.each(['VALIDATION_ERROR', 'AUTHORIZATION_ERROR', 'SUBSCRIPTION_ERROR'])('%s ends it', (code) => {
    const rig = refused(code);
    expect(rig.take('refused')).toMatchObject([{ id: 's1', outcome: 'ended', error: { code } }]);
    expect(rig.state.subs.size).toBe(0);
  });

  it('for its rate passes after the time told', () => {
    const rig = refused('RATE_LIMIT_EXCEEDED', { retryAfter: 20 });
    expect(rig.take('refused')).toMatchObject([{ outcome: 'retried' }]);
    rig.pass(20_499);
    expect(rig.sent()).toEqual([]);
    rig.pass(1);
    expect(rig.sentOne().action).toBe('subscribeToDeals');
  });

  it.each(['INTERNAL_ERROR', 'CONNECTION_ERROR'])('%s may pass', (code) => {
    const rig = refused(code);
    rig.pass(2_000);
    expect(rig.sentOne().action).toBe('subscribeToDeals');
  });

  it('by a close, for its size, is final as well, and the former filters come back', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1', { category: 'a' });
    rig.do({ type: 'update', id: 's1', request: { topic: 'new-deals', filters: { category: 'b'.repeat(20_000) } } });
    rig.subscribe('s2');
    rig.sent();
    rig.closed(1009);
    expect(rig.take('refused')).toMatchObject([{ id: 's1', outcome: 'reverted', error: { code: 'VALIDATION_ERROR' } }]);
    rig.open();
    expect(rig.sent().map(({ data }) => data)).toEqual([
      { topic: 'new-deals', filters: { category: 'a' }, lastEventId: 'e-1' },
      { topic: 'new-deals', filters: {} },
    ]);
  });

  it('of what was granted before is no end', () => {
    const rig = opened();
    rig.live('s1', 'x', 'e-1');
    reopen(rig);
    rig.error('SUBSCRIPTION_ERROR', {}, rig.sentOne().requestId);
    rig.pass(2_000);
    expect(rig.sentOne().data).toMatchObject({ lastEventId: 'e-1' });
  });
});
