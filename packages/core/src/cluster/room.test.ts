import { describe, expect, it } from 'vitest';
import { manualClock } from '../contract/manual-clock.js';
import { enqueue } from '../delivery/mailbox.js';
import { memoryDirectory, memoryGateway, memoryTable } from '../memory/index.js';
import { Room } from './room.js';

const record = (connectionId: string) => ({
  connectionId,
  userId: 'u',
  connectedAt: 0,
  tokenExp: 0,
  firstSignIn: 0,
  scopes: [],
  ip: '127.0.0.1',
});

const world = () => {
  const clock = manualClock();
  const table = memoryTable(clock);
  const directory = memoryDirectory();
  const gateway = memoryGateway();
  const telemetry = { event: () => undefined, count: () => undefined, observe: () => undefined };
  const ids = { next: () => 'mark' };
  const room = new Room('u', { clock, table, directory, gateway, telemetry, ids });
  const expiresAt = clock.now() / 1000 + 100;
  return {
    room,
    directory,
    gateway,
    open: (id: string, mark: string) => {
      directory.open(record(id), mark);
      gateway.connect(id);
      room.enter(id);
    },
    handedOver: (id: string, mark: string, after: number) => {
      directory.unmark(id, mark);
      room.handedOver(id, after);
    },
    /** Stores a notification, and tells its place. */
    store: async (n: number): Promise<number> => {
      await table.put(`body${n}`, 'b', { title: String(n), message: '', data: {}, at: 0 });
      const waiting = { kind: 'notification', id: `n${n}`, ref: { pk: `body${n}`, sk: 'b' } } as const;
      return (await enqueue(table, 'u', waiting, expiresAt))?.seq ?? 0;
    },
    sent: (id: string) =>
      gateway.sentTo(id).map((text) => (JSON.parse(text) as { data: { title?: string } }).data.title ?? text),
    mail: (place: number) =>
      room.mail({ place, frame: { text: JSON.stringify({ data: { title: String(place) } }) }, kind: 'notification' }),
  };
};

describe('a room', () => {
  it('leaves what is stored during a hand-over to the hand-over', async () => {
    const { room, directory, open, mail, sent } = world();
    open('a', 'm');
    expect(await mail(1)).toBe(false);
    expect(directory.unmark('a', 'm')).toBe(false);
    expect(sent('a')).toEqual([]);
    expect(room.isEmpty).toBe(false);
  });

  it('gives nothing that the hand-over of a connection gave already', async () => {
    const { open, handedOver, mail, sent } = world();
    open('a', 'm');
    handedOver('a', 'm', 0);
    await mail(1);
    // It read up to the third place, while the announcements of two and three were still on their way.
    open('b', 'm');
    handedOver('b', 'm', 3);
    for (const place of [2, 3, 4]) await mail(place);
    expect([sent('a'), sent('b')]).toEqual([['1', '2', '3', '4'], ['4']]);
  });

  it('reads what is missing between two, once, whoever asks at the same time', async () => {
    const { open, handedOver, mail, store, sent, room } = world();
    open('a', 'm');
    handedOver('a', 'm', 0);
    for (let n = 1; n <= 300; n += 1) await store(n);
    const [last] = await Promise.all([mail(300), mail(150), mail(299), room.look()]);
    expect(last).toBe(true);
    expect(sent('a')).toEqual(Array.from({ length: 300 }, (_, i) => String(i + 1)));
    expect(await mail(300)).toBe(false);
  });
});
