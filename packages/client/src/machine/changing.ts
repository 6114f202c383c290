import type { AidealsError } from '../errors.js';
import type { Sub } from './state.js';
import type { Turn } from './turn.js';

const others = ({ state }: Turn, { id }: Sub): Sub[] => [...state.subs.values()].filter((sub) => sub.id !== id);

/**
 * Whether the server can be asked to change the one that served before in its place. Only where it is nobody else's, and no
 * question is open that could make it someone's: some deployments do not keep the order of frames.
 */
export const canChange = (turn: Turn, sub: Sub): boolean => {
  const { before, topic, key } = sub;
  const { changes, byHand, ending, orphans } = turn.state;
  if (before?.serverId === undefined || before.phase !== 'live' || before.topic !== topic || !changes) return false;
  if (byHand || ending.size > 0 || orphans.size > 0) return false;
  const keys = [key, before.key];
  return others(turn, sub).every((other) => !keys.includes(other.key) && !keys.includes(other.before?.key ?? ''));
};

/** Whether the server may still take it for one that is being changed into something else. */
export const isBlocked = (turn: Turn, sub: Sub): boolean =>
  others(turn, sub).some(({ ask, before }) => ask?.change !== undefined && before?.key === sub.key);

/** Whether the server will not change it in its place, but may give another in its stead: it knows no such action, or no such subscription. */
export const isRefusedAsSuch = ({ code, message }: AidealsError): boolean =>
  code === 'SUBSCRIPTION_ERROR' || (code === 'VALIDATION_ERROR' && message.startsWith('Unknown action'));
