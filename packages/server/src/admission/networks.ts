import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Networks as one list to look up addresses in; undefined where there are none, which costs nothing to ask. */
export type Networks = BlockList | undefined;

/** The texts were checked: `10.0.0.0/8`, `2001:db8::/32`. */
export const networkList = (networks: readonly string[]): Networks => {
  if (networks.length === 0) return undefined;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = '0'] = network.split('/');
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
};

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu;

/** An IPv4 address that came over an IPv6 socket is the IPv4 address; a zone is left out. */
const plain = (address: string): string => {
  if (!address.includes(':')) return address;
  const bare = address.split('%')[0] as string;
  return MAPPED.exec(bare)?.[1] ?? bare;
};

export const contains = (list: Networks, address: string): boolean => {
  if (list === undefined) return false;
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};

/** One entry of X-Forwarded-For: an address, perhaps with a port, an IPv6 address perhaps in brackets. */
const entryAddress = (entry: string): string | undefined => {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/u.exec(entry)?.[1];
  const withPort = /^([\d.]+):\d+$/u.exec(entry)?.[1];
  const address = plain(bracketed ?? withPort ?? entry);
  return isIP(address) === 0 ? undefined : address;
};

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};

export const isTrusted = (request: IncomingMessage, proxies: Networks): boolean =>
  contains(proxies, plain(request.socket.remoteAddress ?? ''));

/**
 * The address of a client: the peer's own, or, where the peer is a trusted proxy, what it was told, read from right to
 * left as far as the proxies are trusted. Who is not trusted can say anything, and is not believed.
 */
export const clientAddress = (request: IncomingMessage, proxies: Networks): string => {
  let address = plain(request.socket.remoteAddress ?? '');
  if (proxies === undefined) return address;
  const forwarded = (header(request, 'x-forwarded-for') ?? '').split(',').map((entry) => entry.trim());
  while (contains(proxies, address)) {
    const before = entryAddress(forwarded.pop() ?? '');
    if (before === undefined) break;
    address = before;
  }
  return address;
};
