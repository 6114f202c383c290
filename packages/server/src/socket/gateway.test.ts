import type { Frame } from '@aideals/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOutbox, round } from '../testing/fake-wire.js';
import { SocketGateway } from './gateway.js';

const event = (offset: number, filler = 0): Frame => ({
  text: JSON.stringify({ type: 'dealUpdate', id: `e-${offset}`, filler: 'x'.repeat(filler) }),
  offset,
});

const chat: Frame = { text: '{"type":"messageReceived"}' };

describe('SocketGateway', () => {
  let gateway: SocketGateway;
  let a: ReturnType<typeof fakeOutbox>;
  let b: ReturnType<typeof fakeOutbox>;

  const ids = ({ wire }: typeof a): (string | undefined)[] => wire.texts.map((text) => JSON.parse(text).id);

  beforeEach(() => {
    a = fakeOutbox();
    b = fakeOutbox(a.settings);
    gateway = new SocketGateway({ flusher: a.settings.flusher, heldBytes: 1_000 });
    gateway.add('a', a.outbox);
    gateway.add('b', b.outbox);
  });

  const publish = (offset: number, filler = 0): void => {
    gateway.send(['a', 'b'], event(offset, filler));
    gateway.advance(offset);
  };

  it('counts who took a frame and who is gone', async () => {
    b.outbox.close(4003);
    expect(gateway.send(['a', 'b', 'c'], chat)).toEqual({ sent: 1, queued: 0, gone: 2 });
    expect([gateway.alive('a'), gateway.alive('b'), gateway.alive('c')]).toEqual([true, false, false]);
    await round();
    expect(a.wire.texts).toEqual([chat.text]);
    expect(b.wire.closedWith).toEqual([4003, 'closed by an administrator']);
  });

  it('holds deal events back during a replay, and nothing else', async () => {
    publish(1);
    gateway.hold('a');
    publish(2);
    publish(3);
    gateway.send(['a'], chat);
    expect([gateway.position('a'), gateway.position('b')]).toEqual([1, 3]);
    await round();
    expect(ids(a)).toEqual(['e-1', undefined]);
    expect(gateway.release('a', 2)).toEqual({ released: true });
    expect(gateway.position('a')).toBe(3);
    publish(4);
    await round();
    expect(ids(a)).toEqual(['e-1', undefined, 'e-3', 'e-4']);
    expect(ids(b)).toEqual(['e-1', 'e-2', 'e-3', 'e-4']);
  });

  it('ends a hold with as many releases as holds', async () => {
    gateway.hold('a');
    gateway.hold('a');
    publish(1);
    expect(gateway.release('a', 0)).toEqual({ released: true });
    publish(2);
    await round();
    expect(ids(a)).toEqual([]);
    expect(gateway.release('a', 0)).toEqual({ released: true });
    await round();
    expect(ids(a)).toEqual(['e-1', 'e-2']);
    expect(gateway.release('a', 0)).toEqual({ released: true });
    expect(gateway.release('nobody', 0)).toEqual({ released: true });
  });

  it('holds no more than its bound, and says from where to read the log then', async () => {
    publish(1);
    gateway.hold('a');
    for (let offset = 2; offset <= 10; offset += 1) publish(offset, 200);
    expect(gateway.release('a', 1)).toEqual({ released: false, after: 1 });
    // The hold began anew: what comes now is held, what came before is to be read up to here.
    expect(gateway.position('a')).toBe(10);
    publish(11);
    await round();
    expect(ids(a)).toEqual(['e-1']);
    expect(gateway.release('a', 10)).toEqual({ released: true });
    await round();
    expect(ids(a)).toEqual(['e-1', 'e-11']);
  });
});
