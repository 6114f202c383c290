const ROW = 1;
const HEAD = 2;
const EXPIRY = 3;
const CHECK = 4;
const LENGTH_BYTES = 2;
const SECONDS_BYTES = 6;
const MAX_SECONDS = 2 ** 47;

const prefixed = (kind: number, bytes: number): Buffer => {
  const buffer = Buffer.allocUnsafe(1 + bytes);
  buffer[0] = kind;
  return buffer;
};

/** Rows of one partition lie together, in the byte order of their sort keys: the length keeps partitions apart. */
export const rowKey = (pk: string, sk: string): Buffer => {
  const pkBytes = Buffer.byteLength(pk);
  const key = prefixed(ROW, LENGTH_BYTES + pkBytes + Buffer.byteLength(sk));
  key.writeUInt16BE(pkBytes, 1);
  key.write(pk, 1 + LENGTH_BYTES);
  key.write(sk, 1 + LENGTH_BYTES + pkBytes);
  return key;
};

/** Lies behind every row of a partition: no byte of UTF-8 is 0xff. */
export const endOfRows = (pk: string): Buffer => Buffer.concat([rowKey(pk, ''), Buffer.of(0xff)]);

const partsOf = (bytes: Buffer, at: number): { pk: string; sk: string } => {
  const from = at + LENGTH_BYTES;
  const to = from + bytes.readUInt16BE(at);
  return { pk: bytes.toString('utf8', from, to), sk: bytes.toString('utf8', to) };
};

export const skOfRow = (key: Buffer): string => partsOf(key, 1).sk;

export const headKey = (pk: string): Buffer => {
  const key = prefixed(HEAD, Buffer.byteLength(pk));
  key.write(pk, 1);
  return key;
};

const kept = (seconds: number): number => Math.min(MAX_SECONDS, Math.max(0, Math.floor(seconds)));

/** Rows that expire, the earliest first. Times before 1970, or absurdly late, are kept as the nearest that fits. */
export const expiryKey = (seconds: number, pk: string, sk: string): Buffer => {
  const row = rowKey(pk, sk).subarray(1);
  const key = prefixed(EXPIRY, SECONDS_BYTES + row.length);
  key.writeUIntBE(kept(seconds), 1, SECONDS_BYTES);
  row.copy(key, 1 + SECONDS_BYTES);
  return key;
};

export const rowOfExpiry = (key: Buffer): { pk: string; sk: string } => partsOf(key, 1 + SECONDS_BYTES);

/** All expiry keys up to and with this second lie between. */
export const expiredRange = (seconds: number): { start: Buffer; end: Buffer } => {
  const start = prefixed(EXPIRY, 0);
  const end = prefixed(EXPIRY, SECONDS_BYTES);
  end.writeUIntBE(kept(seconds) + 1, 1, SECONDS_BYTES);
  return { start, end };
};

/** What a check writes. */
export const CHECK_KEY = prefixed(CHECK, 0);
