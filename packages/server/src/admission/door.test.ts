import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Door } from './door.js';

const here = (): boolean => false;
const away = (): boolean => true;

describe('a door', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('lets so many in at once, and the others in their order', async () => {
    const door = new Door({ atOnce: 2, waiting: 9, patienceMs: 1_000 });
    expect([door.enter(here), door.enter(here)]).toEqual(['in', 'in']);
    const order: string[] = [];
    const waiting = ['c', 'd'].map(async (name) => {
      expect(await door.enter(here)).toBe('in');
      order.push(name);
    });
    expect(order).toEqual([]);
    door.leave();
    await waiting[0];
    expect(order).toEqual(['c']);
    door.leave();
    await waiting[1];
    door.leave();
    door.leave();
    expect([door.enter(here), door.enter(here)]).toEqual(['in', 'in']);
  });

  it('passes over who has gone', async () => {
    const door = new Door({ atOnce: 1, waiting: 9, patienceMs: 1_000 });
    void door.enter(here);
    const [gone, next] = [door.enter(away), door.enter(here)];
    door.leave();
    expect([await gone, await next]).toEqual(['gone', 'in']);
    door.leave();
    expect(door.enter(here)).toBe('in');
  });

  it('keeps nobody waiting for long, nor too many', async () => {
    const door = new Door({ atOnce: 1, waiting: 1, patienceMs: 1_000 });
    void door.enter(here);
    const waiting = door.enter(here);
    expect(door.enter(here)).toBe('crowded');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe('crowded');
    const left = door.enter(away);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await left).toBe('gone');
    door.leave();
    expect(door.enter(here)).toBe('in');
  });
});
