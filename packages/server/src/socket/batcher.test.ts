import type { Frame } from '@aideals/core';
import { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES } from '@aideals/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeOutbox } from '../testing/fake-wire.js';
import { readFrames } from '../testing/read-frames.js';
import { Batcher, batchesOf } from './batcher.js';
import { encoded, frameCount } from './encoding.js';
import { Run } from './run.js';

const message = (n: number, filler = 0): Frame => ({
  text: JSON.stringify({ type: 'messageReceived', data: { n, filler: 'ä'.repeat(filler) } }),
});

const textsOf = (frames: readonly Frame[]): string[] => frames.map(({ text }) => text);

/** The messages of frames as they were written, one by one. */
const apart = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.map((each) => JSON.stringify(each)) : [text];
  });

const batching = (over: Parameters<typeof fakeOutbox>[0] = {}) =>
  fakeOutbox(over, { compression: undefined, takesBatches: true });

describe('batches', () => {
  it('hold the same messages in the same order, however they are split, and stay within their bounds', () => {
    const sizes = fc.array(fc.oneof(fc.nat(40), fc.nat(400), fc.integer({ min: 7_000, max: 20_000 })), {
      maxLength: 300,
      size: 'max',
    });
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat(12)), (list, pauses) => {
        const frames = list.map((size, n) => message(n, size));
        const { wire, outbox } = batching({ hardBytes: 100_000_000 });
        for (const frame of frames) {
          outbox.push(frame);
          if (pauses.next().value === 0) outbox.flush();
        }
        outbox.flush();
        const { messages } = readFrames(Buffer.concat(wire.writes));
        expect(apart(messages)).toEqual(textsOf(frames));
        for (const text of messages.filter((each) => each.startsWith('['))) {
          expect(Buffer.byteLength(text) + 4).toBeLessThanOrEqual(MAX_BATCH_BYTES);
          expect((JSON.parse(text) as unknown[]).length).toBeLessThanOrEqual(MAX_BATCH_MESSAGES);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are filled as far as they go', () => {
    const batches = batchesOf(Array.from({ length: 300 }, (_, n) => message(n)));
    expect(batches.map(frameCount)).toEqual([128, 128, 44]);
  });

  it('are no list where a message is alone, also one that is larger than a batch', () => {
    const frames = [message(1), message(2, 20_000), message(3)];
    expect(batchesOf(frames)).toEqual(frames);
  });

  it('share their bytes among those who take the same messages', () => {
    const batcher = new Batcher();
    const made = (frames: readonly Frame[]): Frame | undefined => {
      for (const frame of frames) batcher.add(frame, MAX_BATCH_BYTES);
      return batcher.end();
    };
    const [one, two, three] = [message(1), message(2), message(3)];
    const first = made([one, two]);
    expect(made([one, two])).toBe(first);
    expect(made([one, three])).not.toBe(first);
    expect(made([one])).toBe(one);
    expect(made([])).toBeUndefined();
  });
});

describe('an outbox whose peer takes batches', () => {
  it('puts what waits into one frame, and one message into a frame as ever', () => {
    const { wire, outbox } = batching();
    for (const n of [1, 2, 3]) outbox.push(message(n));
    outbox.flush();
    outbox.push(message(4));
    outbox.flush();
    const texts = textsOf([1, 2, 3, 4].map((n) => message(n)));
    expect(wire.texts).toEqual([`[${texts.slice(0, 3).join()}]`, texts[3]]);
  });

  it('sends pings between frames, never within one', () => {
    const { wire, outbox } = batching();
    outbox.control(Buffer.from([0x89, 0]));
    outbox.push(message(1));
    outbox.push(message(2));
    outbox.flush();
    expect(wire.writes).toHaveLength(1);
    expect(wire.writes[0]?.subarray(0, 3)).toEqual(Buffer.from([0x89, 0, 0x81]));
    expect(apart(wire.texts)).toEqual(textsOf([message(1), message(2)]));
  });

  it('says within a batch how many older messages made room', () => {
    const { wire, outbox } = batching({ softBytes: 10_000 });
    const deal = (n: number): Frame => ({ ...message(n, 1_000), offset: n, key: `deal-${n % 3}` });
    wire.isReading = false;
    for (let n = 0; n < 40; n += 1) outbox.push(deal(n));
    wire.isReading = true;
    outbox.flush();
    const seen = apart(wire.texts).map((text) => JSON.parse(text) as { conflated?: number });
    const conflated = seen.reduce((sum, each) => sum + (each.conflated ?? 0), 0);
    expect(seen.length).toBeLessThan(40);
    expect(seen.length + conflated).toBe(40);
    expect(seen.filter((each) => each.conflated !== undefined)).toHaveLength(1);
  });

  it('takes a run as batches that all its takers share', () => {
    const first = batching();
    const second = batching(first.settings);
    const frames = Array.from({ length: 200 }, (_, n) => message(n));
    const run = new Run(frames);
    for (const { outbox } of [first, second]) {
      outbox.pushRun(run);
      outbox.flush();
    }
    expect(apart(first.wire.texts)).toEqual(textsOf(frames));
    expect(first.wire.texts).toHaveLength(2);
    expect(second.wire.writes[0]).toBe(first.wire.writes[0]);
    expect(first.outbox.written).toBe(200);
  });

  it('puts nothing else into the batches of a run', () => {
    const { wire, outbox, settings } = batching();
    const plain = fakeOutbox(settings);
    const frames = Array.from({ length: 3 }, (_, n) => message(n));
    const run = new Run(frames);
    for (const each of [outbox, plain.outbox]) {
      each.pushRun(run);
      for (const n of [3, 4]) each.push(message(n));
      each.flush();
    }
    const texts = textsOf([0, 1, 2, 3, 4].map((n) => message(n)));
    expect(wire.texts.map((text) => (JSON.parse(text) as unknown[]).length)).toEqual([3, 2]);
    expect(apart(wire.texts)).toEqual(texts);
    expect(plain.wire.texts).toEqual(texts);
  });

  it('compresses a batch as a whole, once for all who take the same', () => {
    const agreed = { compression: { from: 256, windowBits: 15 }, takesBatches: true };
    const one = fakeOutbox({}, agreed);
    const other = fakeOutbox(one.settings, agreed);
    const frames = Array.from({ length: 40 }, (_, n) => message(n));
    for (const { outbox } of [one, other]) {
      outbox.pushRun(new Run(frames));
      outbox.flush();
    }
    const [bytes] = one.wire.writes;
    expect(bytes?.[0]).toBe(0xc1);
    expect(bytes?.length).toBeLessThan(frames.reduce((sum, frame) => sum + encoded(frame).length, 0) / 4);
    expect(other.wire.writes[0]).toBe(bytes);
  });
});
