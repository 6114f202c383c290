const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/**
 * A number as a whole number of 32 bits that keeps the order: that of the greatest single-precision number which is not
 * greater. So `a <= b` makes `ordered(a) <= ordered(b)`, and what is in between is told apart exactly elsewhere.
 */
export const ordered = (x: number): number => {
  float[0] = x;
  const bits = word[0] as number;
  const key = bits < 0 ? bits ^ 0x7fffffff : bits;
  // The next lower number where the nearest one is greater; 0 and -0 are two neighbours here, of which 0 is taken.
  if ((float[0] as number) > x) return key - 1;
  return bits === -0x80000000 ? 0 : key;
};
