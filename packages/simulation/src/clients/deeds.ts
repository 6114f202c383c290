import type { JsonObject } from '@aideals/protocol';
import { crash, pass, setClock, start } from '../lifecycle.js';
import type { Weights } from '../profile.js';
import { tokenOf } from '../server/tokens.js';
import type { World } from '../world.js';
import type { Stream } from './cursor.js';
import { someFilters, topics } from './deals.js';
import type { Device } from './device.js';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

const users = (world: World): string[] => [...new Set(world.devices.map(({ user }) => user))];

const open = (world: World): Device | undefined => {
  const devices = world.devices.filter(({ isOpen }) => isOpen);
  return devices.length === 0 ? undefined : world.random.pick(devices);
};

const subscribe = (world: World): void => {
  const device = open(world);
  if (device === undefined) return;
  const { random } = world;
  const present = [...device.streams.values()];
  if (present.length > 0 && random.chance(0.3)) {
    const stream = random.pick(present);
    const { topic, subscriptionId } = stream;
    const alone = present.filter((other) => other.topic === topic).length === 1;
    if (subscriptionId === undefined || random.chance(0.5)) device.subscribe(stream);
    else if (alone && random.chance(0.4)) device.ask('unsubscribeFromDeals', { topic }, { stream });
    else device.ask('unsubscribeFromDeals', { subscriptionId }, { stream });
    return;
  }
  const topic = random.pick(topics);
  const filters = someFilters(random);
  const same = present.some(
    (other) => other.topic === topic && JSON.stringify(other.filters) === JSON.stringify(filters),
  );
  if (same) return;
  const name = world.name('s');
  const stream: Stream = { name, topic, filters, cursor: undefined, subscriptionId: undefined, replaying: false };
  device.streams.set(name, stream);
  device.subscribe(stream);
};

const change = (world: World): void => {
  const device = open(world);
  if (device === undefined) return;
  const { random } = world;
  const present = [...device.streams.values()].filter(({ subscriptionId }) => subscriptionId !== undefined);
  if (present.length === 0) return;
  const stream = random.pick(present);
  const times = random.chance(0.3) ? 2 : 1;
  for (let i = 0; i < times; i++) {
    const data = { subscriptionId: stream.subscriptionId as string, filters: someFilters(random) };
    device.ask('updateSubscription', data, { stream });
  }
};

const chat = (world: World): void => {
  const device = open(world);
  if (device === undefined) return;
  const { random } = world;
  const unsure = device.drafts.filter(({ confirmed }) => !confirmed);
  if (unsure.length > 0 && random.chance(0.4)) {
    const draft = random.pick(unsure);
    // Another device of the same user may hold the same draft.
    const sender = random.pick(world.devices.filter(({ user, isOpen }) => isOpen && user === device.user));
    sender.ask('sendMessage', draft.data, { draft });
    return;
  }
  const others = users(world).filter((user) => user !== device.user);
  const data: JsonObject = { recipientId: random.pick(others), content: world.name('m') };
  if (random.chance(0.65)) data['clientMessageId'] = world.name('c');
  const draft = { data, confirmed: false };
  if (data['clientMessageId'] !== undefined) device.drafts.push(draft);
  const times = random.chance(0.2) ? random.between(2, 4) : 1;
  device.ask('sendMessage', data, { draft });
  for (let i = 1; i < times; i++) {
    device.ask('sendMessage', { recipientId: data['recipientId'] as string, content: world.name('m') });
  }
};

const acknowledge = (world: World): void => {
  const device = open(world);
  const mail = device?.inbox;
  if (device === undefined || mail === undefined || mail.length === 0) return;
  const { kind, id } = world.random.pick(mail);
  const type = kind === 'messageId' && world.random.chance(0.3) ? { type: 'received' } : {};
  device.ask('notificationAck', { [kind]: id, ...type });
};

const refresh = (world: World): void => {
  const device = open(world);
  if (device === undefined) return;
  const { random } = world;
  const [least, most] = world.profile.tokens;
  const exp = Math.floor(world.now / SECOND) + random.between(least, most);
  device.ask('refreshToken', { token: tokenOf(device.user, exp) });
};

const notify = (world: World): void => {
  const { random } = world;
  const all = users(world);
  const some = random.chance(0.6) ? [random.pick(all)] : all.filter(() => random.chance(0.7));
  const expiresAt = random.chance(0.2) ? Math.floor(world.now / SECOND) + random.between(400, 9_000) : undefined;
  if (some.length > 0) world.publisher.notify(some, expiresAt);
};

/** More at once than one page holds. */
const bulk = (world: World): void => {
  if (world.random.chance(0.5)) world.publisher.publish(world.random.between(100, 300));
  else {
    const user = world.random.pick(users(world));
    for (let i = 0; i < 120; i++) world.publisher.notify([user], undefined);
  }
};

/** What a client should not do, or gets wrong. */
const rogue = (world: World): void => {
  const device = open(world);
  const { random } = world;
  const foreign = world.mail.filter(({ user }) => user !== device?.user);
  const own = world.devices.filter(({ user }) => user === device?.user);
  const confirmed = own.flatMap(({ drafts }) => drafts).filter((draft) => draft.confirmed);
  const place = random.pick([`nowhere-${random.below(9)}`, `${world.epoch}-${2_000_000}`]);
  random.pick<() => void>([
    () => world.publisher.mistake(),
    () => device?.ask('fly', {}),
    () => device?.ask('sendMessage', { recipientId: 'room:1', content: world.name('m') }),
    () => device?.ask('subscribeToDeals', { topic: 'hot', lastEventId: place }),
    () => device?.ask('unsubscribeFromDeals', { subscriptionId: 'none' }),
    () => device?.ask('refreshToken', { token: tokenOf('someone', 9_999_999_999) }),
    () => device?.ask('refreshToken', {}),
    () => {
      if (foreign.length === 0) return;
      const { kind, id } = random.pick(foreign);
      device?.ask('notificationAck', { [kind]: id });
    },
    () => {
      if (confirmed.length === 0) return;
      const { data } = random.pick(confirmed);
      device?.ask('sendMessage', { ...data, content: world.name('m') });
    },
  ])();
};

const comeOrGo = (world: World): void => {
  const { random } = world;
  const device = random.pick(world.devices);
  if (device.link === undefined) device.dial();
  else device.leave(random.chance(0.7));
};

const jumps = [-5, 5, 31, -61, 60, 600, -600, 3_500, 7_300, -7_300, 90_000, -90_000, (31 * DAY) / SECOND];

/** One thing of each kind that may happen. */
const deeds: { readonly [K in keyof Weights]: (world: World) => void } = {
  publish: (world) => {
    const { random } = world;
    if (random.chance(0.15)) world.publisher.repeat();
    else world.publisher.publish(random.chance(0.8) ? 1 : random.between(2, 5));
  },
  bulk,
  notify,
  chat,
  subscribe,
  change,
  acknowledge,
  small: (world) => open(world)?.ask(world.random.pick(['ping', 'ping', 'getStatus']), {}),
  refresh,
  leave: comeOrGo,
  stall: (world) => {
    const link = open(world)?.link;
    if (link === undefined) return;
    if (!link.isStalled) world.see({ kind: 'stalled', conn: link.id });
    link.stall(!link.isStalled);
  },
  tick: (world) => pass(world, world.random.between(1, 4_000)),
  jump: (world) => setClock(world, world.now + world.random.pick(jumps) * SECOND),
  crash,
  full: (world) => {
    world.machine.full = !world.machine.full;
  },
  rogue,
};

/** Does something. A client that is away comes back before long, and a server that is down is started. */
export const act = (world: World): void => {
  const { random, profile } = world;
  if (world.life === undefined && random.chance(0.4)) start(world);
  if (world.machine.full && random.chance(0.2)) world.machine.full = false;
  const away = world.devices.find(({ link }) => link === undefined);
  if (away !== undefined && random.chance(0.2)) {
    away.dial();
    return;
  }
  const kinds = Object.keys(deeds) as (keyof Weights)[];
  const kind = random.weighted(kinds.map((name) => [profile.weights[name], name] as const));
  deeds[kind](world);
};
