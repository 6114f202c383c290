import { readFile } from 'node:fs/promises';
import { isIPv6, type Socket } from 'node:net';
import { endianness } from 'node:os';

/** Where Linux lists the TCP sockets of this network namespace, with the bytes that each peer has not acknowledged. */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];

const IS_LITTLE = endianness() === 'LE';

const hex = (bytes: readonly number[]): string =>
  bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');

const portHex = (port: number): string => hex([port >> 8, port & 0xff]);

/** The tables print addresses as words in the byte order of the machine. */
const words = (bytes: readonly number[]): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes.slice(i, i + 4);
    text += hex(IS_LITTLE ? word.reverse() : word);
  }
  return text;
};

const v4Bytes = (address: string): number[] => address.split('.').map(Number);

const v6Bytes = (address: string): number[] => {
  // An embedded IPv4 address is written as its two groups.
  const plain = (address.split('%')[0] as string).replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/u, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((each) => Number.parseInt(each, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
};

/** How the tables name a connected socket: its local port and its peer. */
export const queueKey = ({
  localPort,
  remoteAddress,
  remotePort,
}: Pick<Socket, 'localPort' | 'remoteAddress' | 'remotePort'>): string | undefined => {
  if (localPort === undefined || remoteAddress === undefined || remotePort === undefined) return undefined;
  const address = words(isIPv6(remoteAddress) ? v6Bytes(remoteAddress) : v4Bytes(remoteAddress));
  return `${portHex(localPort)} ${address}:${portHex(remotePort)}`;
};

const LINE = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gmu;

/** Unacknowledged bytes by key, of the sockets that are asked for; empty where the system has no such table. */
export const sendQueues = async (keys: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> => {
  const found = new Map<string, number>();
  for (const table of TABLES) {
    const text = await readFile(table, 'latin1').catch(() => '');
    for (const [, local, remote, queue] of text.matchAll(LINE)) {
      const key = `${local} ${remote}`;
      if (keys.has(key)) found.set(key, Number.parseInt(queue as string, 16));
    }
  }
  return found;
};
