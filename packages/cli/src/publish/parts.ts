/** Cuts into parts of so many items, and of so many bytes with what stands between and around them; one that is larger is alone. */
export const inParts = (
  items: readonly string[],
  mostItems: number,
  mostBytes: number,
): readonly (readonly string[])[] => {
  const parts: string[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(item) + 1;
    const part = parts.at(-1);
    if (part === undefined || part.length === mostItems || bytes + size > mostBytes) {
      parts.push([item]);
      bytes = 1 + size;
    } else {
      part.push(item);
      bytes += size;
    }
  }
  return parts;
};
