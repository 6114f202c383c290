/** The AsyncAPI 3 document: what a client and the server say to each other over a WebSocket. */
import {
  type ActionContract,
  actions,
  errorData,
  MAX_BATCH_BYTES,
  MAX_BATCH_MESSAGES,
  type PushContract,
  pushes,
  requestId,
  serverFrame,
} from '@aideals/protocol';
import type { z } from 'zod';
import { type Exchange, exchanges, TIMESTAMP } from './examples.ts';
import { type Schema, schemaOf } from './schema.ts';

const CHANNEL = { $ref: '#/channels/socket' };
const onChannel = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` });

interface Message {
  name: string;
  title: string;
  summary: string;
  description?: string;
  payload: Schema;
  examples?: { name: string; payload: object }[];
}

const schema = (shape: z.ZodType): Schema => schemaOf(shape, 'draft-07');

/** Which fields of the envelope a frame may carry besides type and data. */
const CARRIES = {
  answer: ['requestId', 'timestamp'],
  pong: ['requestId', 'timestamp', 'lastEventId'],
  push: ['timestamp'],
  event: ['timestamp', 'topic', 'id', 'filters', 'replay', 'conflated'],
} as const;
const KNOWN: readonly string[] = ['type', 'data', ...Object.values(CARRIES).flat()];
const REQUIRED: readonly string[] = ['timestamp', 'topic', 'id'];

/** A frame of the server: the envelope of its kind, with the type and the data of this one. */
const envelope = (type: string, data: z.ZodType, kind: keyof typeof CARRIES): Schema => {
  const { properties = {} } = schema(serverFrame);
  const strange = Object.keys(properties).find((name) => !KNOWN.includes(name));
  if (strange !== undefined) throw new Error(`say in scripts/generate/asyncapi.ts which frames carry ${strange}`);
  const carried = CARRIES[kind].map((name) => [name, properties[name] ?? {}] as const);
  return {
    type: 'object',
    properties: { type: { const: type }, data: schema(data), ...Object.fromEntries(carried) },
    required: ['type', 'data', ...CARRIES[kind].filter((name) => REQUIRED.includes(name))],
  };
};

const request = (contract: ActionContract, shown: readonly Exchange[]): Message => ({
  name: contract.action,
  title: contract.action,
  summary: contract.summary,
  description: contract.description,
  payload: {
    type: 'object',
    properties: { action: { const: contract.action }, data: schema(contract.input), requestId: schema(requestId) },
    required: ['action'],
  },
  ...(shown.length > 0 && { examples: shown.map(({ title, sent }) => ({ name: title, payload: sent })) }),
});

const answer = (type: string, contract: ActionContract, shown: readonly Exchange[]): Message => {
  const fitting = shown.filter(({ received }) => received['type'] === type);
  return {
    name: type,
    title: type,
    summary: `Answers ${contract.action}.`,
    payload: envelope(type, contract.replies[type] as z.ZodType, type === 'pong' ? 'pong' : 'answer'),
    ...(fitting.length > 0 && { examples: fitting.map(({ title, received }) => ({ name: title, payload: received })) }),
  };
};

const pushed = (push: PushContract): Message => {
  const streamed = push.stream !== undefined;
  const place = streamed ? { topic: 'new-deals', id: 'k3v9q2m7-1043' } : {};
  return {
    name: push.type,
    title: push.type,
    summary: push.summary,
    description: push.description,
    payload: envelope(push.type, push.data, streamed ? 'event' : 'push'),
    examples: [
      { name: push.summary, payload: { type: push.type, ...place, data: push.example, timestamp: TIMESTAMP } },
    ],
  };
};

const ERROR: Message = {
  name: 'error',
  title: 'error',
  summary: 'The answer to a frame that could not be served, or advice before a close.',
  payload: envelope('error', errorData, 'answer'),
  examples: [
    {
      name: 'An unknown action',
      payload: {
        type: 'error',
        data: { code: 'VALIDATION_ERROR', message: 'Unknown action: pong', details: {} },
        requestId: 'test-123',
        timestamp: TIMESTAMP,
      },
    },
  ],
};

const DESCRIPTION = `The real-time layer of an AI deals system.

Frames are JSON text. A client sends \`{action, data?, requestId?}\`; the server answers \`{type, data, requestId?, timestamp}\`
in the order in which the frames came, and pushes frames of the same form. Operations are named from the server's side:
it receives actions and sends pushes.`;

export const asyncapi = (version: string): object => {
  const list = Object.values(actions) as ActionContract[];
  const messages: Record<string, Message> = { error: ERROR };
  const operations: Record<string, object> = {};
  for (const contract of list) {
    const shown = exchanges(contract);
    messages[contract.action] = request(contract, shown);
    const types = Object.keys(contract.replies);
    for (const type of types) messages[type] = answer(type, contract, shown);
    operations[contract.action] = {
      action: 'receive',
      channel: CHANNEL,
      summary: contract.summary,
      messages: [onChannel(contract.action)],
      reply: { channel: CHANNEL, messages: [...types, 'error'].map(onChannel) },
    };
  }
  for (const push of Object.values(pushes) as PushContract[]) {
    messages[push.type] = pushed(push);
    operations[`push${push.type.charAt(0).toUpperCase()}${push.type.slice(1)}`] = {
      action: 'send',
      channel: CHANNEL,
      summary: push.summary,
      messages: [onChannel(push.type)],
    };
  }
  return {
    asyncapi: '3.0.0',
    id: 'urn:aideals:websocket',
    info: {
      title: 'aideals',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      local: {
        host: 'localhost:3001',
        protocol: 'ws',
        description: 'As `npx aideals serve` listens. Deployed, use wss.',
        security: [
          { $ref: '#/components/securitySchemes/bearer' },
          { $ref: '#/components/securitySchemes/subprotocol' },
          { $ref: '#/components/securitySchemes/query' },
        ],
      },
    },
    channels: {
      socket: {
        address: '/ws',
        description: 'The one socket of a client. `/` and `/{stage}` are the same.',
        servers: [{ $ref: '#/servers/local' }],
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: {
          ws: {
            method: 'GET',
            query: {
              type: 'object',
              properties: {
                token: { type: 'string', description: 'The JWT, where no header can be set.' },
                client: {
                  type: 'string',
                  pattern: '^[A-Za-z0-9_-]{1,64}$',
                  description:
                    'Names a client instance: a newer connection of the same user and client closes the older.',
                },
                batch: {
                  type: 'string',
                  const: '1',
                  description: `Lets several messages of the server share a frame: a list of 2 to ${MAX_BATCH_MESSAGES} of them, in at most ${MAX_BATCH_BYTES} bytes. A message that leaves alone is no list.`,
                },
              },
            },
          },
        },
      },
    },
    operations,
    components: {
      messages,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'In `Authorization: Bearer`.' },
        subprotocol: {
          type: 'httpApiKey',
          in: 'header',
          name: 'Sec-WebSocket-Protocol',
          description: '`aideals.v1, aideals.token.<jwt>`: for browsers, which can set no other header.',
        },
        query: { type: 'httpApiKey', in: 'query', name: 'token', description: 'In the address: it may end in logs.' },
      },
    },
  };
};
