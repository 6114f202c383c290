import type { Frame } from '@aideals/core';
import { gatewayContract } from '@aideals/core/contract/gateway';
import { describe, expect, it } from 'vitest';
import { fakeOutbox, round, sharedSettings } from '../testing/fake-wire.js';
import { SocketGateway } from './gateway.js';

const HELD_BYTES = 1_000;

gatewayContract('sockets', () => {
  const settings = sharedSettings();
  const gateway = new SocketGateway({ flusher: settings.flusher, heldBytes: HELD_BYTES });
  /** Long enough for every slice of a fan-out, and for what the writes set off. */
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 8; i += 1) await round();
  };
  return {
    gateway,
    heldBytes: HELD_BYTES,
    connect: (connectionId) => {
      const { outbox, wire } = fakeOutbox(settings);
      gateway.add(connectionId, outbox);
      return {
        received: async () => {
          await settled();
          return wire.texts;
        },
        closedWith: async () => {
          await settled();
          return wire.closedWith?.[0];
        },
        drop: () => {
          outbox.end();
          gateway.remove(connectionId);
        },
      };
    },
  };
});

describe('SocketGateway', () => {
  it('closes with the reason of the code', async () => {
    const { outbox, wire, settings } = fakeOutbox();
    const gateway = new SocketGateway({ flusher: settings.flusher, heldBytes: HELD_BYTES });
    gateway.add('a', outbox);
    const chat: Frame = { text: '{"type":"messageReceived"}' };
    gateway.send(['a'], chat);
    gateway.close('a', { code: 4003 });
    await round();
    expect(wire.texts).toEqual([chat.text]);
    expect(wire.closedWith).toEqual([4003, 'closed by an administrator']);
  });
});
