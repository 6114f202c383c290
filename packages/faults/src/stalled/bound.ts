/**
 * The documented bound: what waits for one connection takes up to four times its bytes (a frame's text is kept beside its
 * bytes, at two bytes a character where any is not Latin-1, and the heap is collected late), and a connection takes something
 * by itself.
 */
const TIMES = 4;
const CONNECTION_BYTES = 65_536;
/**
 * Started with this, a server has the same young generation under every version of Node: two halves of 16 MiB. Left to
 * itself V8 grows it under load whoever reads, on Node 20 to 32 MiB and on Node 24 to 128 (measured by
 * `v8.getHeapSpaceStatistics` with nothing but short-lived objects), which would hide what the bound is about.
 */
export const youngGeneration = { NODE_OPTIONS: '--max-semi-space-size=16' };

/**
 * What the heap may grow by under load, whoever reads: the young generation, and 64 MiB of older garbage that is not collected
 * yet. With 8 that do not read a server grew by 45 to 117 MiB in all, on Node 20 and on Node 24 alike.
 */
const HEAP_BYTES = (32 + 64) * 2 ** 20;

/** How much a server may grow by through so many connections that do not read. */
export const boundOf = (connections: number, hardBytes: number): number =>
  connections * (TIMES * hardBytes + CONNECTION_BYTES) + HEAP_BYTES;
