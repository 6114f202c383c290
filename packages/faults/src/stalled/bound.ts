/**
 * The documented bound: what waits for one connection takes up to four times its bytes (a frame's text is kept beside its
 * bytes, at two bytes a character where any is not Latin-1, and the heap is collected late), and a connection takes something
 * by itself.
 */
const TIMES = 4;
const CONNECTION_BYTES = 65_536;
/**
 * What the heap may grow by under load, whoever reads: garbage that is not collected yet. An allowance and no measurement:
 * with 8 that do not read, a server on Node 24 grew by up to 131 MiB in all, where on Node 20 it stayed below 128.
 */
const HEAP_BYTES = (Number.parseInt(process.versions.node, 10) >= 22 ? 144 : 96) * 2 ** 20;

/** How much a server may grow by through so many connections that do not read. */
export const boundOf = (connections: number, hardBytes: number): number =>
  connections * (TIMES * hardBytes + CONNECTION_BYTES) + HEAP_BYTES;
