import { describe, expect, it } from 'vitest';
import { round, tick } from '../testing/fake-wire.js';
import { type Flushable, Flusher } from './flusher.js';

class Counted implements Flushable {
  isSoon = false;
  isInTurn = false;
  flushes = 0;
  flush(): void {
    this.flushes += 1;
  }
}

const flushed = (all: readonly Counted[]): number => all.filter(({ flushes }) => flushes > 0).length;

describe('Flusher', () => {
  it('flushes what is asked for once, at the end of the tick', async () => {
    const flusher = new Flusher();
    const one = new Counted();
    flusher.soon(one);
    flusher.soon(one);
    expect(one.flushes).toBe(0);
    await tick();
    expect(one.flushes).toBe(1);
    flusher.soon(one);
    await tick();
    expect(one.flushes).toBe(2);
  });

  it('serves a fan-out in slices, and an answer between them', async () => {
    const flusher = new Flusher();
    const many = Array.from({ length: 1_000 }, () => new Counted());
    for (const each of many) flusher.inTurn(each);
    await round();
    expect(flushed(many)).toBe(128);
    const late = new Counted();
    flusher.soon(late);
    flusher.inTurn(many[0] as Counted);
    await tick();
    expect(late.flushes).toBe(1);
    for (let i = 0; i < 7; i += 1) await round();
    expect(flushed(many)).toBe(1_000);
    expect(many[0]?.flushes).toBe(2);
  });
});
