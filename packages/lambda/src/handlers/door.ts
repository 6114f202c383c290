import type { ConnectEvent } from '../event.js';
import { headersOf } from '../greeting.js';
import { clientAddress, contains, networkList } from './networks.js';

export interface DoorSettings {
  readonly allowedOrigins: readonly string[] | undefined;
  readonly ipAllow: readonly string[] | undefined;
  readonly ipDeny: readonly string[];
  readonly trustedProxies: readonly string[];
}

/** Decides by what a handshake shows, before any token is looked at. */
export interface DoorRules {
  /** Who it is that API Gateway saw, by the `X-Forwarded-For` of proxies that are trusted. */
  addressOf(sourceIp: string, forwardedFor: string): string;
  isAddressAllowed(address: string): boolean;
  /** Who sends no `Origin` is no browser. Without a list any page may come in but one that will not say where it is from. */
  isOriginAllowed(event: ConnectEvent): boolean;
}

export const doorRules = ({ allowedOrigins, ipAllow, ipDeny, trustedProxies }: DoorSettings): DoorRules => {
  const allow = ipAllow === undefined ? undefined : networkList(ipAllow);
  const deny = networkList(ipDeny);
  const proxies = networkList(trustedProxies);
  return {
    addressOf: (sourceIp, forwardedFor) => clientAddress(sourceIp, forwardedFor, proxies),
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
