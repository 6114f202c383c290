import { BlockList, isIP, isIPv6 } from 'node:net';

/** Networks as one list to look up addresses in. The texts were checked: `10.0.0.0/8`, `2001:db8::/32`. */
export const networkList = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = '0'] = network.split('/');
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
};

export const contains = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};

/** One entry of X-Forwarded-For: an address, perhaps with a port, an IPv6 address perhaps in brackets. */
const entryAddress = (entry: string): string | undefined => {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/u.exec(entry)?.[1];
  const withPort = /^([\d.]+):\d+$/u.exec(entry)?.[1];
  const address = bracketed ?? withPort ?? entry;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(address)?.[1] ?? address;
  return isIP(mapped) === 0 ? undefined : mapped;
};

/**
 * The address of a client: the one that API Gateway saw, or, where that is a trusted proxy, what it was told, read from right
 * to left as far as the proxies are trusted. Who is not trusted can say anything, and is not believed.
 */
export const clientAddress = (sourceIp: string, forwardedFor: string, proxies: BlockList): string => {
  let address = sourceIp;
  const forwarded = forwardedFor.split(',').map((entry) => entry.trim());
  while (contains(proxies, address)) {
    const before = entryAddress(forwarded.pop() ?? '');
    if (before === undefined) break;
    address = before;
  }
  return address;
};
