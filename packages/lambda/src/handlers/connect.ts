import type { Engine, Telemetry } from '@aideals/core';
import { WireError } from '@aideals/protocol';
import type { ConnectEvent, ProxyResult } from '../event.js';
import { type Greeting, headersOf, openingResult, readConnect, refusalResult } from '../greeting.js';
import type { DoorRules } from './door.js';

export interface ConnectOptions {
  readonly engine: Pick<Engine, 'open'>;
  readonly door: DoorRules;
  /** Starts the hand-over in an invocation of its own; what it rejects with is reported, and no more. */
  readonly announce: (connectionId: string) => Promise<void>;
  readonly telemetry: Telemetry;
  readonly errorId: () => string;
}

const refused = (event: ConnectEvent, message: string): ProxyResult =>
  refusalResult(event, new WireError('AUTHORIZATION_ERROR', message));

/** `$connect`: who is it, and may it come in. */
export const createConnect = (options: ConnectOptions) => {
  const { engine, door, announce, telemetry, errorId } = options;
  return async (event: ConnectEvent): Promise<ProxyResult> => {
    const greeting: Greeting = readConnect(event);
    const forwardedFor = headersOf(event, 'x-forwarded-for').join(',');
    const ip = door.addressOf(event.requestContext.identity.sourceIp, forwardedFor);
    if (!door.isAddressAllowed(ip)) {
      return refused(event, 'this address may not connect');
    }
    if (!door.isOriginAllowed(event)) return refused(event, 'pages of this origin may not connect');
    if (!greeting.ok) return greeting.result;
    const opening = await engine.open({ ...greeting.handshake, ip });
    if (opening.accepted) {
      try {
        await announce(opening.record.connectionId);
      } catch (error) {
        // A first frame hands over as well.
        telemetry.event({ name: 'internal-error', errorId: errorId(), where: 'opened', error });
      }
    }
    return openingResult(opening, greeting.selected);
  };
};
