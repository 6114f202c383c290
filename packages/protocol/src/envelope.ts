import { z } from 'zod';
import { eventId, freeObject, identifier, seconds, topicName } from './fields.js';
import { attributes } from './filters.js';

/** Echoed in the answer when given. */
export const requestId = z
  .string({ error: 'must be a string' })
  .min(1, 'must have at least 1 character')
  .max(128, 'must have at most 128 characters');

/** Client to server. Unknown fields are ignored. */
export const clientFrame = z.object({
  action: z.string({ error: 'must be a string that names an action' }),
  data: freeObject.optional(),
  requestId: requestId.optional(),
});

/** Server to client. Fields may be added, never taken away. */
export const serverFrame = z.looseObject({
  type: z.string(),
  data: freeObject,
  requestId: requestId.optional(),
  timestamp: seconds.describe('When the server made the frame, in whole Unix seconds.'),
  topic: topicName.optional().describe('The topic of a pushed stream event.'),
  id: eventId.optional().describe('The place in the log of a pushed stream event.'),
  filters: attributes
    .optional()
    .describe('The attributes that the publisher laid over the data of a pushed stream event.'),
  replay: identifier.optional().describe('The subscription for which a missed event is sent again.'),
  conflated: z
    .int()
    .positive()
    .optional()
    .describe('How many older frames were taken out of the outbox since the last event.'),
  lastEventId: eventId.optional().describe('On a `pong`: the position up to which this connection has been served.'),
});

/** A batch holds no more messages than this. */
export const MAX_BATCH_MESSAGES = 128;
/** A frame that holds a batch has no more bytes than this, its head included: every deployment and proxy takes it in one piece. */
export const MAX_BATCH_BYTES = 32_768;

/**
 * Several messages in one frame, for a client that connected with `?batch=1`: in the order in which they would have come one
 * by one. A message that leaves alone is no list.
 */
export const serverBatch = z.array(serverFrame).min(2).max(MAX_BATCH_MESSAGES);

export type ClientFrame = z.output<typeof clientFrame>;
export type ServerFrame = z.output<typeof serverFrame>;
