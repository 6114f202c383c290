import { createHash } from 'node:crypto';

const EVENT = 1;
const TOPIC = 2;
const IDEMPOTENCY = 3;
const FORGET = 4;
const OFFSET_BYTES = 6;
const HASH_BYTES = 32;
const MAX_TOPIC_BYTES = 1_900;

const made = (kind: number, bytes: number): Buffer => {
  const key = Buffer.allocUnsafe(1 + bytes);
  key[0] = kind;
  return key;
};

export const eventKey = (offset: number): Buffer => {
  const key = made(EVENT, OFFSET_BYTES);
  key.writeUIntBE(offset, 1, OFFSET_BYTES);
  return key;
};

export const offsetOfEvent = (key: Buffer): number => key.readUIntBE(1, OFFSET_BYTES);

export const checkTopic = (topic: string): void => {
  const bytes = Buffer.byteLength(topic);
  if (bytes > MAX_TOPIC_BYTES)
    throw new RangeError(`topic must be up to ${MAX_TOPIC_BYTES} bytes; this one has ${bytes}`);
};

/** The events of a topic lie together, in order: the length keeps topics apart. */
export const topicKey = (topic: string, offset: number): Buffer => {
  const bytes = Buffer.byteLength(topic);
  const key = made(TOPIC, 2 + bytes + OFFSET_BYTES);
  key.writeUInt16BE(bytes, 1);
  key.write(topic, 3);
  key.writeUIntBE(offset, 3 + bytes, OFFSET_BYTES);
  return key;
};

export const offsetOfTopic = (key: Buffer): number => key.readUIntBE(key.length - OFFSET_BYTES, OFFSET_BYTES);

/** Keys are of any length and come from outside: they are kept by their hash. */
export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

export const idempotencyKey = (hash: Buffer): Buffer => Buffer.concat([Buffer.of(IDEMPOTENCY), hash]);

/** Idempotency keys by the time when they are forgotten, in Unix milliseconds. */
export const forgetKey = (ms: number, hash: Buffer): Buffer => {
  const key = made(FORGET, OFFSET_BYTES + HASH_BYTES);
  key.writeUIntBE(Math.max(0, ms), 1, OFFSET_BYTES);
  hash.copy(key, 1 + OFFSET_BYTES);
  return key;
};

export const hashOfForget = (key: Buffer): Buffer => Buffer.from(key.subarray(1 + OFFSET_BYTES));

/** All forget keys up to this time. */
export const forgetRange = (ms: number): { start: Buffer; end: Buffer } => ({
  start: made(FORGET, 0),
  end: forgetKey(ms + 1, Buffer.alloc(HASH_BYTES)),
});

export const allEvents = { start: eventKey(0), end: made(EVENT + 1, 0) };
