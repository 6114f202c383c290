const SLOTS = 16_384;

/** CRC-16/XMODEM, by which a cluster spreads keys. */
const crc16 = (bytes: Uint8Array): number => {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
};

/** The slot of a key or of a sharded channel: of what stands in its first braces, where that is not empty. */
export const keySlot = (key: string): number => {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  return crc16(Buffer.from(hashed)) % SLOTS;
};

/** The first key that a command names. */
export const keyOf = (words: readonly (string | Buffer)[]): string => {
  const [verb] = words;
  return String(words[verb === 'EVAL' || verb === 'EVALSHA' ? 3 : 1] ?? '');
};
