import type { Frame } from '@aideals/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeOutbox, tick } from '../testing/fake-wire.js';
import { readFrames } from '../testing/read-frames.js';
import { encodePong } from './encoding.js';

const KiB = 1024;

/** An update of a deal, a little over a KiB. */
const deal = (offset: number, key: string): Frame => ({
  text: JSON.stringify({ type: 'dealUpdate', id: `e-${offset}`, data: { key, filler: 'x'.repeat(KiB) } }),
  offset,
  key,
});

const chat = (n: number): Frame => ({ text: JSON.stringify({ type: 'messageReceived', data: { n } }) });

interface Seen {
  type: string;
  id?: string;
  conflated?: number;
  data: { key?: string; n?: number };
}

const parsed = (texts: readonly string[]): Seen[] => texts.map((text) => JSON.parse(text) as Seen);

describe('an outbox', () => {
  it('joins what waits into one write, at the end of the tick', async () => {
    const { wire, outbox, settings } = fakeOutbox();
    for (let n = 0; n < 10; n += 1) {
      outbox.push(chat(n));
      settings.flusher.soon(outbox);
    }
    expect(wire.writes).toHaveLength(0);
    await tick();
    expect(wire.writes).toHaveLength(1);
    expect(parsed(wire.texts).map(({ data }) => data.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('shares the bytes of a burst that goes to many', () => {
    const first = fakeOutbox();
    const second = fakeOutbox(first.settings);
    const frames = [chat(1), chat(2), chat(3)];
    for (const { outbox } of [first, second]) {
      for (const frame of frames) outbox.push(frame);
      outbox.flush();
    }
    expect(second.wire.writes[0]).toBe(first.wire.writes[0]);
    second.outbox.push(chat(4));
    second.outbox.push(chat(5));
    second.outbox.flush();
    expect(parsed(first.wire.texts)).toHaveLength(3);
    expect(parsed(second.wire.texts).map(({ data }) => data.n)).toEqual([1, 2, 3, 4, 5]);
  });

  it('hands only so much to a socket that does not take it', () => {
    const { wire, outbox } = fakeOutbox();
    wire.isReading = false;
    for (let i = 0; i < 200; i += 1) outbox.push(deal(i, `d${i}`));
    outbox.flush();
    expect(wire.buffered).toBeLessThanOrEqual(64 * KiB);
    expect(outbox.waiting).toBeGreaterThan(200 * KiB);
    const seen: number[] = [];
    while (wire.buffered > 0) {
      seen.push(wire.buffered);
      wire.take();
    }
    expect(Math.max(...seen)).toBeLessThanOrEqual(64 * KiB);
    expect(parsed(wire.texts).map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, i) => `e-${i}`));
  });

  it('keeps every update while less than the soft mark waits', () => {
    const { wire, outbox } = fakeOutbox();
    wire.isReading = false;
    for (let i = 0; i < 200; i += 1) outbox.push(deal(i, 'same'));
    wire.isReading = true;
    wire.take();
    expect(parsed(wire.texts)).toHaveLength(200);
    expect(parsed(wire.texts).some(({ conflated }) => conflated !== undefined)).toBe(false);
  });

  it('above the soft mark lets the newest of a key take the place of the older one, at the end', () => {
    const { wire, outbox, settings } = fakeOutbox();
    wire.isReading = false;
    let offset = 0;
    for (let i = 0; i < 5_000; i += 1) {
      offset += 1;
      expect(outbox.push(deal(offset, `d${i % 250}`))).toBe(true);
      if (i % 100 === 0) outbox.push(chat(i));
    }
    expect(outbox.waiting).toBeLessThan(400 * KiB);
    wire.isReading = true;
    wire.take();
    const seen = parsed(wire.texts);
    const events = seen.filter(({ type }) => type === 'dealUpdate');
    const offsets = events.map(({ id }) => Number(id?.slice(2)));
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    // The newest of each key arrives, and every frame without a key.
    for (let key = 0; key < 250; key += 1) {
      expect(events.findLast(({ data }) => data.key === `d${key}`)?.id).toBe(`e-${4_750 + key + 1}`);
    }
    expect(seen.filter(({ type }) => type === 'messageReceived')).toHaveLength(50);
    // What was taken out is told, and adds up.
    const told = events.reduce((sum, { conflated }) => sum + (conflated ?? 0), 0);
    expect(told + events.length).toBe(5_000);
    expect(settings.counters.conflated).toBe(told);
  });

  it('tells how many made room on the next event alone', () => {
    const { wire, outbox } = fakeOutbox({ softBytes: 2 * KiB });
    wire.isReading = false;
    outbox.push(deal(1, 'a'));
    outbox.flush();
    outbox.push(deal(2, 'b'));
    outbox.push(chat(0));
    outbox.push(deal(3, 'c'));
    outbox.push(deal(4, 'b'));
    outbox.push(deal(5, 'b'));
    wire.isReading = true;
    wire.take();
    expect(parsed(wire.texts).map(({ id, conflated }) => [id, conflated])).toEqual([
      ['e-1', undefined],
      [undefined, undefined],
      ['e-3', 2],
      ['e-5', undefined],
    ]);
  });

  it('closes a reader that falls behind past the hard mark with 4008, and keeps nothing for it', () => {
    const { wire, outbox } = fakeOutbox();
    wire.isReading = false;
    let closing: number | undefined;
    outbox.onClosing = (code) => {
      closing = code;
    };
    let pushed = 0;
    while (outbox.push(deal(pushed, `d${pushed}`))) pushed += 1;
    expect(pushed).toBeGreaterThan(950);
    expect(pushed).toBeLessThan(1_024);
    expect(wire.closedWith).toEqual([4008, 'slow consumer']);
    expect(closing).toBe(4008);
    expect(outbox.waiting).toBe(wire.buffered);
    expect(outbox.push(chat(1))).toBe(false);
    wire.take();
    expect(wire.writes).toHaveLength(1);
  });

  it('does not take a burst for a slow reader', () => {
    const { wire, outbox } = fakeOutbox();
    for (let i = 0; i < 3_000; i += 1) expect(outbox.push(deal(i, 'same'))).toBe(true);
    outbox.flush();
    expect(parsed(wire.texts)).toHaveLength(3_000);
  });

  it('sends pings and pongs ahead of what is queued, and only the latest of them', () => {
    const { wire, outbox } = fakeOutbox();
    wire.isReading = false;
    outbox.push(chat(0));
    outbox.flush();
    outbox.push(chat(1));
    for (let i = 0; i < 100; i += 1) outbox.control(encodePong(Buffer.from(String(i))));
    wire.take();
    expect(wire.writes).toHaveLength(2);
    const { pongs, messages } = readFrames(wire.writes[1] as Uint8Array);
    expect(pongs).toEqual(Array.from({ length: 32 }, (_, i) => String(68 + i)));
    expect(messages).toHaveLength(1);
  });

  it('calls back when there is room again', async () => {
    const { wire, outbox } = fakeOutbox({ softBytes: 100 * KiB });
    wire.isReading = false;
    for (let i = 0; i < 150; i += 1) outbox.push(deal(i, `d${i}`));
    expect(outbox.hasRoom).toBe(false);
    const room = vi.fn();
    outbox.whenRoom(room);
    await tick();
    expect(room).not.toHaveBeenCalled();
    wire.take();
    expect(outbox.hasRoom).toBe(true);
    expect(room).toHaveBeenCalledTimes(1);
  });
});

describe('a close', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('comes after what is queued, and then nothing', () => {
    const { wire, outbox } = fakeOutbox();
    wire.isReading = false;
    for (let i = 0; i < 100; i += 1) outbox.push(deal(i, `d${i}`));
    outbox.close(1012);
    expect(wire.closedWith).toBeUndefined();
    expect(outbox.push(chat(1))).toBe(false);
    wire.take();
    wire.take();
    expect(wire.closedWith).toEqual([1012, 'restarting']);
    expect(parsed(wire.texts)).toHaveLength(100);
    outbox.close(1011);
    expect(wire.closedWith).toEqual([1012, 'restarting']);
  });

  it('does not wait for ever', () => {
    vi.useFakeTimers();
    const { wire, outbox } = fakeOutbox();
    wire.isReading = false;
    for (let i = 0; i < 100; i += 1) outbox.push(deal(i, `d${i}`));
    outbox.close(4001);
    vi.advanceTimersByTime(4_999);
    expect(wire.closedWith).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(wire.closedWith).toEqual([4001, 'token expired']);
    expect(outbox.waiting).toBe(wire.buffered);
  });
});
