import type { Flushed, StreamAppend, Table } from '@aideals/core';
import type { Mutations } from './mutation.js';

const atOnce = Promise.resolve();

/** As though it were flushed at once. */
const early = <T extends object>(result: T): T => ('flushed' in result ? { ...result, flushed: atOnce } : result);

const lost = 'what was confirmed is delivered or waits';

/** Bugs of the store: what is durable, what is there once, what has an end. */
export const storeMutations: Mutations = {
  'confirm-mail-before-flush': {
    about: 'Messages and notifications are confirmed when they are committed, not when they are flushed.',
    breaks: [lost, 'no number is given twice', 'an acknowledgement ends delivery', 'a message is stored once'],
    ports: (ports) => {
      const { table } = ports;
      const changedTable: Table = {
        ...table,
        put: async (...args) => early(await table.put(...args)),
        putMany: async (...args) => early(await table.putMany(...args)) as Flushed,
        append: async (...args) => early(await table.append(...args)),
        delete: async (...args) => early(await table.delete(...args)) as Flushed,
      };
      return { ...ports, table: changedTable };
    },
  },

  'confirm-events-before-flush': {
    about: 'Deal events are confirmed when they are committed, not when they are flushed.',
    breaks: ['what was confirmed is there', 'a key stores once', 'ids follow what was confirmed'],
    ports: (ports) => ({
      ...ports,
      streams: {
        ...ports.streams,
        append: async (...args) => early(await ports.streams.append(...args)) as StreamAppend,
      },
    }),
  },

  'append-twice-under-a-key': {
    about: 'The log does not look at the idempotency key.',
    breaks: ['a key stores once', 'a repeat is told'],
    ports: (ports) => ({
      ...ports,
      streams: { ...ports.streams, append: (events) => ports.streams.append(events) },
    }),
  },

  'list-in-parts': {
    about: 'A list is appended in two steps, between which anything may happen.',
    breaks: ['a list is stored whole or not at all', 'a list is one stretch of the log', 'every gap is told'],
    ports: (ports) => ({
      ...ports,
      streams: {
        ...ports.streams,
        append: async (events, options) => {
          if (events.length < 2) return ports.streams.append(events, options);
          const first = await ports.streams.append(events.slice(0, 1), options);
          const rest = await ports.streams.append(
            events.slice(1),
            options === undefined ? undefined : { ...options, key: `${options.key}+` },
          );
          return {
            ids: [...first.ids, ...rest.ids],
            offsets: [...first.offsets, ...rest.offsets],
            replayed: first.replayed,
            flushed: Promise.all([first.flushed, rest.flushed]).then(() => undefined),
          };
        },
      },
    }),
  },

  'trim-too-much': {
    about: 'Retention keeps three events, whatever it is set to.',
    breaks: ['nothing is called lost that is there', 'what was confirmed is there', 'every gap is told'],
    ports: (ports) => ({
      ...ports,
      streams: {
        ...ports.streams,
        trim: (options) => ports.streams.trim({ ...options, keep: Math.min(options.keep, 3) }),
      },
    }),
  },

  'one-epoch-for-ever': {
    about: 'A restart goes on with the epoch of before, so that a lost tail looks like the present.',
    breaks: ['an id names one event', 'a start begins an epoch', 'every gap is told', 'what was confirmed is there'],
    segment: () => 'epoch',
  },

  'any-epoch-is-known': {
    about: 'An id of an unknown epoch is taken for a place in this log.',
    breaks: ['every gap is told'],
    ports: (ports) => ({
      ...ports,
      streams: {
        ...ports.streams,
        locate: async (id) => {
          const located = await ports.streams.locate(id);
          if (located.lost?.reason !== 'epoch') return located;
          return { after: Math.min(Number(id.slice(id.lastIndexOf('-') + 1)), await ports.streams.top()) };
        },
      },
    }),
  },

  'number-twice': {
    about: 'An append now and then answers the number of the row before.',
    breaks: ['no number is given twice', 'a message has one number', lost, 'what was confirmed is there'],
    ports: (ports, { random }) => ({
      ...ports,
      table: {
        ...ports.table,
        append: async (pk, body, options) => {
          const appended = await ports.table.append(pk, body, options);
          const again = appended.stored && appended.seq > 1 && pk.startsWith('chat#') && random.chance(0.2);
          return again ? { ...appended, seq: appended.seq - 1 } : appended;
        },
      },
    }),
  },

  'nothing-expires': {
    about: 'The store keeps rows past their expiry.',
    breaks: ['what expired is not handed over'],
    ports: (ports) => {
      const { table } = ports;
      const kept = <O extends { expiresAt?: number }>(options: O | undefined): O | undefined => {
        if (options === undefined) return undefined;
        const { expiresAt: _, ...rest } = options;
        return rest as O;
      };
      return {
        ...ports,
        table: {
          ...table,
          put: (pk, sk, body, options) => table.put(pk, sk, body, kept(options)),
          append: (pk, body, options) => table.append(pk, body, kept(options)),
        },
      };
    },
  },

  'hand-over-out-of-order': {
    about: 'The first two rows of a page are swapped.',
    breaks: ['a conversation is in order'],
    ports: (ports) => ({
      ...ports,
      table: {
        ...ports.table,
        query: async (pk, options) => {
          const [first, second, third, ...rest] = await ports.table.query(pk, options);
          if (first === undefined) return [];
          if (second === undefined) return [first];
          return third === undefined ? [first, second] : [second, first, third, ...rest];
        },
      },
    }),
  },
};
