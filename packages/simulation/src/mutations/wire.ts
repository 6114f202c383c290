import type { Frame, Subscribed } from '@aideals/core';
import type { JsonObject } from '@aideals/protocol';
import { rewritten } from './frames.js';
import type { Mutations } from './mutation.js';

const gap = 'every gap is told';

/** Bugs on the way out: order, holds, filters, and who gets what. */
export const wireMutations: Mutations = {
  'swap-two-events': {
    about: 'A deal event now and then waits until the next one has been sent.',
    breaks: ['ids grow', gap],
    ports: (ports, { random }) => {
      let late: { readonly to: readonly string[]; readonly frame: Frame } | undefined;
      return {
        ...ports,
        gateway: {
          ...ports.gateway,
          send: (ids, frame) => {
            const to = [...ids];
            if (frame.offset === undefined) return ports.gateway.send(to, frame);
            if (late === undefined && random.chance(0.2)) {
              late = { to, frame };
              return { sent: to.length, queued: 0, gone: 0 };
            }
            const sent = ports.gateway.send(to, frame);
            if (late !== undefined) void ports.gateway.send(late.to, late.frame);
            late = undefined;
            return sent;
          },
        },
      };
    },
  },

  'wrong-connection': {
    about: 'A frame now and then goes to the connection that was sent the one before.',
    breaks: [
      'nothing comes that was not asked for',
      'answers come in order',
      'the sender’s connection gets no copy',
      'a message is what was sent',
      'replays follow one another',
      'the end of a token is announced',
      'a hand-over brings nothing twice',
      'ids grow',
      'what was confirmed is delivered or waits',
      gap,
    ],
    ports: (ports, { random }) => {
      let last: string | undefined;
      return {
        ...ports,
        gateway: {
          ...ports.gateway,
          send: (ids, frame) => {
            const [first, ...others] = ids;
            const wrong = last !== undefined && last !== first && random.chance(0.1);
            const to = wrong ? [last as string, ...others] : [first as string, ...others];
            last = first;
            return ports.gateway.send(to, frame);
          },
        },
      };
    },
  },

  'drop-held-events': {
    about: 'What was held during a replay is not sent after it.',
    breaks: [gap],
    ports: (ports) => ({
      ...ports,
      gateway: {
        ...ports.gateway,
        release: (id) => ports.gateway.release(id, Number.MAX_SAFE_INTEGER),
      },
    }),
  },

  'change-without-effect': {
    about: 'A subscription is told to have other filters, and keeps those that it had.',
    breaks: ['nothing comes that was not asked for', gap],
    ports: (ports) => ({
      ...ports,
      directory: {
        ...ports.directory,
        change: async (connectionId, subscriptionId, filters) => {
          const all = await ports.directory.subscriptions(connectionId);
          const own = all.find((each) => each.subscriptionId === subscriptionId);
          return own === undefined ? { outcome: 'unknown' } : { outcome: 'changed', subscription: { ...own, filters } };
        },
      },
    }),
  },

  'nothing-is-held': {
    about: 'Live events go on during a replay.',
    breaks: ['nothing comes between a replay', 'ids grow', gap],
    ports: (ports) => ({
      ...ports,
      gateway: { ...ports.gateway, hold: () => undefined },
    }),
  },

  'position-ahead': {
    about: 'The position of a connection is told one event too far.',
    breaks: [gap, 'nothing is called lost that is there', 'who keeps a cursor misses nothing', 'it comes to rest'],
    ports: (ports) => ({
      ...ports,
      gateway: {
        ...ports.gateway,
        position: (id) => {
          const position = ports.gateway.position(id);
          return position === undefined ? undefined : position + 1;
        },
      },
    }),
  },

  'filters-ignored': {
    about: 'Who asks for some of a topic is registered for all of it.',
    breaks: ['nothing comes that was not asked for'],
    ports: (ports) => ({
      ...ports,
      directory: {
        ...ports.directory,
        subscribe: (connectionId, subscription, max) => {
          const told = (subscribed: Subscribed): Subscribed =>
            subscribed.outcome === 'created' ? { ...subscribed, subscription } : subscribed;
          const subscribed = ports.directory.subscribe(connectionId, { ...subscription, filters: {} }, max);
          return subscribed instanceof Promise ? subscribed.then(told) : told(subscribed);
        },
      },
    }),
  },

  'too-few-candidates': {
    about: 'The last of several distinct filters on a topic is never looked at.',
    breaks: [gap],
    ports: (ports) => ({
      ...ports,
      directory: {
        ...ports.directory,
        candidates: (topic, attributes) => {
          const found = ports.directory.candidates(topic, attributes);
          const all = found instanceof Promise ? [] : [...found];
          return all.length > 1 ? all.slice(0, -1) : all;
        },
      },
    }),
  },

  'subscription-never-ends': {
    about: 'A subscription that was ended goes on.',
    breaks: ['nothing comes that was not asked for', 'the status is true', 'equal subscriptions are one'],
    ports: (ports) => ({
      ...ports,
      directory: {
        ...ports.directory,
        unsubscribe: async (connectionId, subscriptionId) =>
          (await ports.directory.subscriptions(connectionId)).find((one) => one.subscriptionId === subscriptionId),
      },
    }),
  },

  'content-changed': {
    about: 'A message arrives with a character more.',
    breaks: ['a message is what was sent'],
    ports: (ports, { random }) => ({
      ...ports,
      gateway: {
        ...ports.gateway,
        send: (ids, frame) => {
          if (!frame.text.startsWith('{"type":"messageReceived"') || random.chance(0.7)) {
            return ports.gateway.send(ids, frame);
          }
          const longer = rewritten(frame, (wire) => {
            const data = wire['data'] as JsonObject;
            return { ...wire, data: { ...data, content: `${data['content']}!` } };
          });
          return ports.gateway.send(ids, longer);
        },
      },
    }),
  },

  'one-device-only': {
    about: 'Of several connections the last one is passed over.',
    breaks: [
      'what was confirmed is delivered or waits',
      'the sender’s other connections get a copy',
      gap,
      'stored means that no one was there',
    ],
    ports: (ports) => ({
      ...ports,
      gateway: {
        ...ports.gateway,
        send: (ids, frame) => {
          const all = [...ids];
          return ports.gateway.send(all.length > 1 ? all.slice(0, -1) : all, frame);
        },
      },
    }),
  },

  'no-take-over': {
    about: 'An older connection of the same client is not closed.',
    breaks: ['the newer takes over'],
    ports: (ports) => ({
      ...ports,
      gateway: {
        ...ports.gateway,
        close: (id, notice) => (notice.code === 4010 ? undefined : ports.gateway.close(id, notice)),
      },
    }),
  },
};
