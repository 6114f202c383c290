import { Life } from './server/life.js';
import type { World } from './world.js';

/** Starts the server on what the disk holds. */
export const start = (world: World): void => {
  world.lives += 1;
  const named = `epoch${world.lives}x${world.random.below(1000)}`;
  const segment = world.mutation?.segment?.(named) ?? named;
  world.epoch = segment;
  world.life = new Life(world, segment);
  world.see({ kind: 'started', epoch: segment });
};

/** Kills the server, wherever it stands. */
export const crash = (world: World): void => {
  const { life, scheduler, random } = world;
  if (life === undefined) return;
  scheduler.end(life);
  world.life = undefined;
  world.see({ kind: 'crashed' });
  world.log.crash(random);
  world.table.crash(random);
  for (const link of world.links) link.crashed();
  world.links.clear();
};

/** The clock on the wall shows another time. */
export const setClock = (world: World, now: number): void => {
  world.now = Math.max(now, 1_000_000);
  world.see({ kind: 'clock' });
  // Timers are on time, as far as this process is not busy.
  world.life?.tick();
};

/** Time passes. */
export const pass = (world: World, ms: number): void => {
  world.elapsed += ms;
  setClock(world, world.now + ms);
  const { outboxStallSeconds } = world.profile.settings.limits;
  for (const link of world.links) link.watch(outboxStallSeconds * 1000);
};
