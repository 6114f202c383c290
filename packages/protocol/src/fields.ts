import { z } from 'zod';
import type { Json } from './json.js';

/** Control characters and lone surrogates are refused: the first break logs and terminals, the second cannot be stored as UTF-8 without becoming another id. */
const IDENTIFIER = /^[^\p{Cc}\p{Cs}]{1,128}$/u;
const TOPIC = /^[A-Za-z0-9_.:-]{1,128}$/;
const EVENT_ID = /^[A-Za-z0-9]{1,32}-(0|[1-9][0-9]{0,15})$/;

/** 1 to 128 characters without control characters: a user, room, product, message or subscription id. */
export const identifier = z
  .string()
  .regex(IDENTIFIER, 'must be 1 to 128 characters without control characters')
  .describe('1 to 128 characters without control characters.');

/** 1 to 128 letters, digits and `-_.:`. */
export const topicName = z
  .string()
  .regex(TOPIC, 'must be 1 to 128 characters: letters, digits and - _ . :')
  .describe('1 to 128 letters, digits and `-_.:`.');

/** `<epoch>-<offset>`: the place of an event in the log. Comparable by offset within one epoch; opaque otherwise. */
export const eventId = z
  .string()
  .regex(EVENT_ID, 'must be an id of the form <epoch>-<offset>, as an event or a confirmation gave it')
  .describe('A place in the log: `<epoch>-<offset>`.');

/** Why a gap is not covered, and the oldest event that is still there. */
export const lost = z.object({
  reason: z.enum(['retention', 'epoch', 'unknown']),
  oldest: eventId.nullable(),
});

/** Whole Unix seconds. */
export const seconds = z.int().nonnegative().describe('Whole Unix seconds.');

/** Anything JSON can say. */
export const json = z.unknown() as unknown as z.ZodType<Json, Json>;

/** A JSON object whose fields are the sender's own. */
export const freeObject = z.record(z.string(), json).describe('Any JSON object.');

export const ALL_DEALS = 'all-deals';
export const PRICE_UPDATES = 'price-updates';
