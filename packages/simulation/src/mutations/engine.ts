import type { Frame } from '@aideals/core';
import type { JsonObject } from '@aideals/protocol';
import { changed, rewritten } from './frames.js';
import type { Mutations } from './mutation.js';

const lost = 'what was confirmed is delivered or waits';

const acknowledged = (data: JsonObject, requestId: string | undefined): Frame => {
  const reply =
    data['messageId'] === undefined
      ? { type: 'ackConfirmed', data: { notificationId: data['notificationId'], status: 'read' } }
      : {
          type: 'notificationAcked',
          data: { messageId: data['messageId'], type: data['type'] ?? 'read', timestamp: 0 },
        };
  return { text: JSON.stringify({ ...reply, requestId, timestamp: 0 }) };
};

/** Bugs of the engine itself: claims, acknowledgements, tokens, and what is told. */
export const engineMutations: Mutations = {
  'claim-ignored': {
    about: 'clientMessageId is not looked at.',
    breaks: ['a message is stored once'],
    engine: (engine) =>
      changed(engine, ({ action, data, ...rest }, go) => {
        const { clientMessageId: _, ...other } = data ?? {};
        return action === 'sendMessage' ? go(JSON.stringify({ action, data: other, ...rest })) : go();
      }),
  },

  'hand-over-mark-skipped': {
    about: 'Senders push to a connection though its hand-over is still under way.',
    breaks: ['a conversation is in order', 'a hand-over brings nothing twice', 'nothing is pushed after expiry'],
    ports: (ports) => ({ ...ports, directory: { ...ports.directory, remark: () => false } }),
  },

  'hand-over-forgets-meanwhile': {
    about: 'A hand-over ends though something was stored meanwhile.',
    breaks: [lost],
    ports: (ports) => {
      const marks = new Map<string, string>();
      return {
        ...ports,
        directory: {
          ...ports.directory,
          open: (record, mark) => {
            marks.set(record.connectionId, mark);
            return ports.directory.open(record, mark);
          },
          remark: async (id, mark) => {
            const set = await ports.directory.remark(id, mark);
            // The first mark is put back, as though nothing had come.
            if (set && marks.has(id)) await ports.directory.mark(id, marks.get(id) as string);
            return set;
          },
        },
      };
    },
  },

  'ack-ends-nothing': {
    about: 'An acknowledgement is confirmed, and what it is for goes on waiting.',
    breaks: ['an acknowledgement ends delivery', 'one acknowledges one’s own mail'],
    engine: (engine) =>
      changed(engine, async ({ action, data, requestId }, go) =>
        action === 'notificationAck' ? { reply: acknowledged(data, requestId) } : go(),
      ),
  },

  'ack-of-anyone': {
    about: 'Another user’s acknowledgement is taken.',
    breaks: [
      'one acknowledges one’s own mail',
      'an acknowledgement ends delivery',
      'nothing is served after expiry',
      lost,
    ],
    engine: (engine) =>
      changed(engine, async ({ action, data, requestId }, go) => {
        const outcome = await go();
        const refused = action === 'notificationAck' && outcome.reply?.text.startsWith('{"type":"error"');
        return refused ? { reply: acknowledged(data, requestId) } : outcome;
      }),
  },

  'push-after-expiry': {
    about: 'Nobody notices that a token has expired.',
    breaks: ['nothing is pushed after expiry', 'an expired connection is closed'],
    engine: (engine) => ({
      ...engine,
      due: (event) => (event.kind === 'token-expired' ? { outcome: {} } : engine.due(event)),
    }),
  },

  'never-closed': {
    about: 'The grace time of an expired token has no end.',
    breaks: ['an expired connection is closed'],
    engine: (engine) => ({
      ...engine,
      due: (event) => (event.kind === 'token-grace' ? { outcome: {} } : engine.due(event)),
    }),
  },

  'lost-is-not-told': {
    about: 'A gap is confirmed as recovered.',
    breaks: ['every gap is told', 'who keeps a cursor misses nothing', 'the log is dense'],
    engine: (engine) =>
      changed(engine, async (asked, go) => {
        const outcome = await go();
        if (asked.action !== 'subscribeToDeals' || !outcome.reply?.text.includes('"lost"')) return outcome;
        const reply = rewritten(outcome.reply, (wire) => {
          const { lost: _, ...data } = wire['data'] as JsonObject;
          return { ...wire, data: { ...data, recovered: true, lastEventId: asked.data['lastEventId'] as string } };
        });
        return { ...outcome, reply };
      }),
  },

  'answers-out-of-order': {
    about: 'An answer now and then comes behind the next one.',
    breaks: ['answers come in order', 'each frame is answered', 'replays follow one another'],
    engine: (engine, { random }) => {
      const late = new Map<string, Frame>();
      return changed(engine, async (_, go, connectionId) => {
        const { reply, ...outcome } = await go();
        const before = late.get(connectionId);
        if (reply !== undefined && before === undefined && random.chance(0.1)) {
          late.set(connectionId, reply);
          return outcome;
        }
        late.delete(connectionId);
        const pushes = before === undefined ? [] : [{ to: [connectionId], frame: before }];
        return {
          ...outcome,
          ...(reply === undefined ? {} : { reply }),
          pushes: [...pushes, ...(outcome.pushes ?? [])],
        };
      });
    },
  },

  'repeat-is-not-told': {
    about: 'A repeated publish is answered as though it were the first.',
    breaks: ['a repeat is told', 'ids follow what was confirmed'],
    engine: (engine) => ({
      ...engine,
      call: async (credentials, raw) => {
        const { replayed: _, ...response } = await engine.call(credentials, raw);
        return response;
      },
    }),
  },

  'connections-leak': {
    about: 'A connection that is gone is never forgotten.',
    breaks: ['memory is bounded', 'stored means that no one was there', 'delivered means taken'],
    ports: (ports) => ({ ...ports, directory: { ...ports.directory, close: () => true } }),
  },

  'timers-leak': {
    about: 'The timer of a connection that is gone stays.',
    breaks: ['memory is bounded'],
    ports: (ports) => ({ ...ports, schedule: { ...ports.schedule, cancel: () => undefined } }),
  },
};
