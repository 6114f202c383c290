import { Auditor } from './auditor.js';
import { check } from './checker/check.js';
import { Broken, type Seen, type SeenOf } from './checker/trace.js';
import { act } from './clients/deeds.js';
import { Device } from './clients/device.js';
import { crash, pass, start } from './lifecycle.js';
import type { Mutation } from './mutations/mutation.js';
import { rulesOf } from './profile.js';
import { World } from './world.js';

/** More steps than any run needs to come to rest. */
const MOST_STEPS = 100_000;

export interface Result {
  readonly seed: number;
  readonly trace: readonly Seen[];
  readonly steps: number;
  readonly broken: Broken | undefined;
}

const populate = (world: World): void => {
  const { random, profile } = world;
  for (let i = 0; i < profile.devices; i++) {
    const user = `u${i < profile.users ? i : random.below(profile.users)}`;
    const client = random.chance(0.5) ? `c${random.chance(0.25) ? 0 : i}` : undefined;
    world.devices.push(new Device(world, user, client));
  }
};

/** Lets everything come to rest: the store works, everyone reads, and nothing new happens. */
const rest = async (world: World): Promise<void> => {
  const { scheduler, machine } = world;
  machine.full = false;
  machine.faulty = false;
  if (world.life === undefined) start(world);
  await scheduler.settle();
  for (const link of world.links) if (link.isStalled) link.stall(false);
  const end = scheduler.count + MOST_STEPS;
  while (scheduler.pending > 0) {
    if (scheduler.count > end) throw new Broken('it comes to rest', 'there is always something left to do');
    await scheduler.step();
  }
  world.see({ kind: 'quiet' });
  machine.faulty = true;
};

const phase = async (world: World): Promise<void> => {
  const { random, profile, scheduler } = world;
  for (let i = 0; i < profile.actions; i++) {
    while (scheduler.isUrgent || (scheduler.pending > 0 && random.below(1_000) < profile.steps)) {
      await scheduler.step();
    }
    act(world);
    await scheduler.settle();
  }
  await rest(world);
};

/** Everyone comes back for what waits, the whole log is read, and everyone leaves. */
const finish = async (world: World): Promise<void> => {
  if (world.random.chance(0.7)) crash(world);
  else for (const device of world.devices) device.leave(false);
  await rest(world);
  world.machine.faulty = false;
  for (const device of world.devices) if (device.link === undefined) device.dial();
  await rest(world);
  world.machine.faulty = false;
  const begin = world.trace.find((item): item is SeenOf<'started'> => item.kind === 'started');
  const auditor = new Auditor(world, `${begin?.epoch}-0`);
  auditor.dial();
  await rest(world);
  for (const device of world.devices) device.leave(false);
  if (auditor.link !== undefined) {
    const conn = auditor.link.id;
    auditor.link.leave(false);
    world.see({ kind: 'closed', conn, code: undefined });
  }
  await rest(world);
  pass(world, 300_000);
  await rest(world);
  world.see({ kind: 'sizes', sizes: world.life?.sizes() ?? {} });
};

const judge = (world: World): Broken | undefined => {
  const [surprise] = world.surprises;
  const broken = check(world.trace, rulesOf(world.profile));
  if (surprise === undefined || (broken?.at?.index ?? 0) > surprise.index) return broken;
  const { where, error, index } = surprise;
  const said = error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
  return broken ?? new Broken('no fault of its own', `${where}: ${said}`, world.trace[index - 1]);
};

/** Runs the world of one seed and holds what was seen against the laws. */
export const simulate = async (seed: number, mutation?: Mutation): Promise<Result> => {
  const world = new World(seed, mutation);
  let broken: Broken | undefined;
  populate(world);
  start(world);
  try {
    for (let i = 0; i < world.profile.phases; i++) await phase(world);
    await finish(world);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    broken = error;
  }
  return { seed, trace: world.trace, steps: world.scheduler.count, broken: broken ?? judge(world) };
};
