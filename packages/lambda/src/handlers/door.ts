import { BlockList, isIP, isIPv6 } from 'node:net';
import type { ConnectEvent } from '../event.js';
import { headersOf } from '../greeting.js';

export interface DoorSettings {
  readonly allowedOrigins: readonly string[] | undefined;
  readonly ipAllow: readonly string[] | undefined;
  readonly ipDeny: readonly string[];
}

/** Decides by what a handshake shows, before any token is looked at. */
export interface DoorRules {
  isAddressAllowed(address: string): boolean;
  /** Who sends no `Origin` is no browser. Without a list any page may come in but one that will not say where it is from. */
  isOriginAllowed(event: ConnectEvent): boolean;
}

const listOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = '0'] = network.split('/');
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
};

const contains = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};

export const doorRules = ({ allowedOrigins, ipAllow, ipDeny }: DoorSettings): DoorRules => {
  const allow = ipAllow === undefined ? undefined : listOf(ipAllow);
  const deny = listOf(ipDeny);
  return {
    isAddressAllowed: (address) => !contains(deny, address) && (allow === undefined || contains(allow, address)),
    isOriginAllowed(event) {
      const origin = headersOf(event, 'origin')[0];
      if (origin === undefined) return true;
      if (origin === 'null') return allowedOrigins?.includes('null') ?? false;
      if (!URL.canParse(origin)) return false;
      return (
        allowedOrigins === undefined || allowedOrigins.includes('*') || allowedOrigins.includes(new URL(origin).origin)
      );
    },
  };
};
