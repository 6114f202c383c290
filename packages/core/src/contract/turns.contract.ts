import { describe, expect, test } from 'vitest';
import type { Turns } from '../ports/index.js';

const gate = (): { opened: Promise<void>; open: () => void } => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

/** The laws of the Turns port. */
export const turnsContract = (name: string, create: () => Turns): void => {
  describe(`Turns, ${name}`, () => {
    test('runs the tasks of a key one after another, in the order given', async () => {
      const turns = create();
      const seen: string[] = [];
      const gates = [gate(), gate(), gate()];
      const runs = gates.map(({ opened }, n) =>
        turns.run('k', async () => {
          seen.push(`begin ${n}`);
          await opened;
          seen.push(`end ${n}`);
          return n;
        }),
      );
      for (const { open } of gates.toReversed()) open();
      expect(await Promise.all(runs)).toEqual([0, 1, 2]);
      expect(seen).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
    });

    test('lets keys go on without each other', async () => {
      const turns = create();
      const { opened, open } = gate();
      const slow = turns.run('slow', () => opened.then(() => 'slow'));
      expect(await turns.run('fast', async () => 'fast')).toBe('fast');
      open();
      expect(await slow).toBe('slow');
    });

    test('goes on whatever became of those before', async () => {
      const turns = create();
      const rejects = turns.run('k', () => Promise.reject(new Error('one')));
      const throws = turns.run('k', () => {
        throw new Error('two');
      });
      const works = turns.run('k', async () => 'three');
      await expect(rejects).rejects.toThrow('one');
      await expect(throws).rejects.toThrow('two');
      expect(await works).toBe('three');
      await expect(
        turns.run('other', () => {
          throw new Error('at once');
        }),
      ).rejects.toThrow('at once');
    });

    test('begins at once where nothing is before', async () => {
      const turns = create();
      let begun = false;
      const run = turns.run('k', async () => {
        begun = true;
      });
      expect(begun).toBe(true);
      await run;
      await turns.run('k', async () => undefined);
    });

    test('takes a task that was given by one that runs', async () => {
      const turns = create();
      const seen: number[] = [];
      let inner: Promise<void> | undefined;
      await turns.run('k', async () => {
        inner = turns.run('k', async () => {
          seen.push(2);
        });
        seen.push(1);
      });
      await inner;
      expect(seen).toEqual([1, 2]);
    });
  });
};
