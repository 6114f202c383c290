export const MAX_PK_BYTES = 1_200;
export const MAX_SK_BYTES = 600;

const LONE_SURROGATE = /\p{Cs}/u;

/** The length of a well-formed text in UTF-8. */
const utf8Length = (text: string): number => {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair stands for two of the four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
};

const check = (name: string, key: string, max: number): void => {
  if (key.length === 0) throw new RangeError(`${name} must not be empty`);
  if (LONE_SURROGATE.test(key)) throw new RangeError(`${name} must not hold a lone surrogate: it has no UTF-8 form`);
  if (key.length * 3 <= max) return;
  const bytes = utf8Length(key);
  if (bytes > max) throw new RangeError(`${name} must be up to ${max} bytes in UTF-8; this one has ${bytes}`);
};

/** Throws where a text cannot be a partition key: two keys must never become one in a store, nor one be cut. */
export const checkPk = (pk: string): void => check('pk', pk, MAX_PK_BYTES);

/** Throws where a text cannot be a sort key. */
export const checkSk = (sk: string): void => check('sk', sk, MAX_SK_BYTES);

/** Throws where a text cannot be a bound of a query: that is one that could be a sort key, or the empty one before all. */
export const checkBound = (bound: string | undefined): void => {
  if (bound !== undefined && bound !== '') checkSk(bound);
};

// UTF-16 puts the surrogates, which stand for the highest code points, below U+E000 to U+FFFF.
const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** The order of the texts’ UTF-8 bytes. */
export const compareBytes = (a: string, b: string): number => {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
};
