import { actions as contracts, isAction } from '@aideals/protocol';
import { admit, open } from './admission.js';
import { type ApiKey, apiKeyIndex } from './auth/api-keys.js';
import type { TokenIssuer, TokenVerifier } from './auth/tokens.js';
import { handleCall } from './call.js';
import { closeAnywhere } from './delivery/close-anywhere.js';
import type { Engine } from './engine-api.js';
import { handOver, handOverAll } from './features/handover.js';
import { catchUp, replay } from './features/replay.js';
import { tokenDue, unwatchToken, watchToken } from './features/tokens.js';
import { handleFrame } from './frame.js';
import type { Context } from './handler.js';
import { sweepTable, trimLog } from './housekeeping.js';
import { openLines } from './lines.js';
import type { Continuation, Outcome } from './outcome.js';
import { andThen, type ConnectionRecord, type Ports } from './ports/index.js';
import type { Settings } from './settings.js';

export interface EngineOptions {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly verifier: TokenVerifier;
  readonly issuer?: TokenIssuer;
  readonly apiKeys?: readonly ApiKey[];
  readonly systemStatus?: () => 'operational' | 'degraded' | 'draining';
}

const isNewer = ({ settings }: Context, one: ConnectionRecord, other: ConnectionRecord): boolean =>
  settings.newerBy === 'time' && one.connectedAt !== other.connectedAt
    ? one.connectedAt > other.connectedAt
    : one.connectionId > other.connectionId;

/**
 * A newer connection of the same user and client takes over from the older ones; ids sort by the time of the upgrade. True
 * where it is this one that is the older: a dial that its client had given up came through late.
 */
const takeOver = async (cx: Context, record: ConnectionRecord): Promise<boolean> => {
  let isOlder = false;
  for (const other of await cx.ports.directory.ofUser(record.userId)) {
    if (other.client !== record.client || other.connectionId === record.connectionId) continue;
    if (isNewer(cx, other, record)) isOlder = true;
    else await closeAnywhere(cx.ports, other, { code: 4010 });
  }
  return isOlder;
};

const opened = async (cx: Context, record: ConnectionRecord): Promise<Outcome> => {
  if (record.client !== undefined && (await takeOver(cx, record))) return { close: { code: 4010 } };
  await watchToken(cx, record);
  return handOver(cx, record, handOverAll);
};

const resume = (cx: Context, record: ConnectionRecord, continuation: Continuation): Promise<Outcome> => {
  switch (continuation.kind) {
    case 'handover':
      return handOver(cx, record, continuation);
    case 'replay':
      return replay(cx, record.connectionId, continuation);
    case 'catchup':
      return catchUp(cx, record.connectionId, continuation);
  }
};

/** Whether the action that a frame names has this trait. */
const hasTrait = (text: string, trait: 'pipelined' | 'betweenPages'): boolean => {
  try {
    const { action } = JSON.parse(text) as { action?: unknown };
    return typeof action === 'string' && isAction(action) && trait in contracts[action];
  } catch {
    return false;
  }
};

/** The core over its ports. What it holds can be made again at any time: an engine is cheap, and may be forgotten. */
export const createEngine = (options: EngineOptions): Engine => {
  const { ports, settings, verifier, issuer } = options;
  const systemStatus = options.systemStatus ?? (() => 'operational');
  const tokens = { verifier, issuer };
  const apiKey = apiKeyIndex(options.apiKeys ?? [], ports.digest);
  const context = (): Context => ({ ports, settings, tokens, now: ports.clock.now(), systemStatus });

  return {
    admit: (handshake) => admit(context(), handshake),
    open: (handshake) => open(context(), handshake),
    opened: (record) => opened(context(), record),
    frame: (record, text, bytes) => handleFrame(context(), record, text, bytes),
    pipelined: (text) => hasTrait(text, 'pipelined'),
    betweenPages: (text) => hasTrait(text, 'betweenPages'),
    resume: (record, continuation) => resume(context(), record, continuation),
    closed: (connectionId) => andThen(ports.directory.close(connectionId), () => unwatchToken(ports, connectionId)),
    due: async (event) => {
      const cx = context();
      if (event.kind === 'trim') await trimLog(cx);
      else if (event.kind === 'sweep') await sweepTable(cx);
      else {
        const record = await ports.directory.get(event.connectionId);
        if (record === undefined) return { outcome: {} };
        return { connectionId: event.connectionId, outcome: await tokenDue(cx, record, event) };
      }
      return { outcome: {} };
    },
    call: (credentials, raw) => handleCall({ ...context(), apiKey }, credentials, raw),
    lines: (credentials, raw) => openLines(() => ({ ...context(), apiKey }), credentials, raw),
  };
};
