import { defaultSettings, type Settings } from '@aideals/core';
import type { Rules } from './checker/trace.js';
import type { Random } from './random.js';

/** The character of one run: how slow, how faulty and how busy its world is. */
export interface Profile {
  readonly users: number;
  readonly devices: number;
  readonly phases: number;
  /** Actions in each phase. */
  readonly actions: number;
  /** Of a thousand turns, how many are a step of what is under way rather than a new action. */
  readonly steps: number;
  /** Chance that a port answers at once. */
  readonly sync: number;
  /** How often a pending answer may be passed over, and the chance that it stalls for long. */
  readonly wait: number;
  readonly stall: number;
  /** Chance that a call to the store fails. */
  readonly faults: number;
  readonly slowDirectory: boolean;
  readonly slowGateway: boolean;
  /** The engine is made anew all the time, and records go through JSON. */
  readonly forgetful: boolean;
  /** Bytes of deal events held during a replay. */
  readonly heldBytes: number;
  /** How long tokens live, in seconds. */
  readonly tokens: readonly [least: number, most: number];
  /** How often each kind of action happens. */
  readonly weights: Weights;
  readonly settings: Settings;
}

export interface Weights {
  readonly publish: number;
  readonly bulk: number;
  readonly notify: number;
  readonly chat: number;
  readonly subscribe: number;
  readonly change: number;
  readonly acknowledge: number;
  readonly small: number;
  readonly refresh: number;
  readonly leave: number;
  readonly stall: number;
  readonly tick: number;
  readonly jump: number;
  readonly crash: number;
  readonly full: number;
  readonly rogue: number;
}

const settingsOf = (random: Random): Settings => {
  const small = random.chance(0.15);
  const outboxSoftBytes = random.pick([2_000, 20_000, 262_144]);
  const rule = { perMinute: 20, burst: 6 };
  return {
    limits: {
      ...defaultSettings.limits,
      mailbox: random.pick([10_000, 10_000, 8]),
      retentionEvents: random.pick([1_000_000, 1_000_000, 12, 40]),
      outboxSoftBytes,
      outboxHardBytes: outboxSoftBytes < 10_000 ? 60_000 : 1_048_576,
    },
    buckets: small
      ? { ...defaultSettings.buckets, connect: null, connectIp: null, sendMessage: rule, subscribe: rule, other: rule }
      : { connect: null, connectIp: null, sendMessage: null, subscribe: null, other: null, publish: null },
  };
};

/** Seconds that outlive a run, unless its clock jumps. */
const LONG = [86_400, 200_000] as const;

export const profileOf = (random: Random, changes: boolean): Profile => {
  const calm = random.chance(0.3);
  // Where a directory takes its time, deal events may overtake each other, and so may a refresh and the timer of its token:
  // there only mail is sent.
  const slow = random.chance(0.1);
  // Much is sent to people who come and go.
  const busy = random.chance(0.15);
  return {
    users: random.between(2, 3),
    devices: random.between(3, 5),
    phases: random.between(2, 3),
    actions: random.between(15, 45),
    steps: random.between(550, 850),
    sync: random.pick([0, 0.3, 0.7, 1]),
    wait: random.pick([0, 1, 4]),
    stall: random.pick([0, 0, 0.02]),
    faults: calm ? 0 : random.pick([0, 0.005, 0.03]),
    slowDirectory: slow,
    slowGateway: slow && random.chance(0.5),
    forgetful: random.chance(0.2),
    heldBytes: random.pick([500, 3_000, 262_144]),
    tokens: slow ? LONG : random.pick([LONG, LONG, [10, 200]]),
    weights: {
      publish: slow ? 0 : busy ? 4 : random.between(6, 30),
      bulk: random.chance(0.05) && !slow ? 2 : 0,
      notify: busy ? 15 : random.between(1, 8),
      chat: busy ? 40 : random.between(2, 25),
      subscribe: slow ? 0 : random.between(3, 12),
      change: changes && !slow ? 8 : 0,
      acknowledge: random.between(1, 10),
      small: random.between(1, 4),
      refresh: slow ? 0 : random.between(0, 4),
      leave: busy ? 15 : random.between(1, 8),
      stall: random.between(0, 3),
      tick: random.between(2, 12),
      jump: random.chance(0.4) && !slow ? 2 : 0,
      crash: random.pick([0, 1, 2]),
      full: calm ? 0 : random.pick([0, 0, 1]),
      rogue: random.between(0, 3),
    },
    settings: settingsOf(random),
  };
};

const DAY = 86_400;

export const rulesOf = ({ settings: { limits, buckets } }: Profile): Rules => ({
  mailbox: limits.mailbox,
  tokenGraceSeconds: limits.tokenGraceSeconds,
  retentionMessagesSeconds: limits.retentionMessagesDays * DAY,
  retentionNotificationsSeconds: limits.retentionNotificationsDays * DAY,
  retentionEvents: limits.retentionEvents,
  retentionEventsSeconds: limits.retentionEventsSeconds,
  limited: buckets.other !== null,
});
