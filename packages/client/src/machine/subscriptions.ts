import { AidealsError } from '../errors.js';
import { type JsonObject, type Lost, milliseconds } from '../frames.js';
import type { ServerFrame } from '../generated/wire.js';
import { keyOf } from '../matching.js';
import { canChange, isBlocked, isRefusedAsSuch } from './changing.js';
import { endDue, endingFrame, orphan, release } from './ending.js';
import { cursorOf, settle } from './routing.js';
import type { Ask, Event, Sub } from './state.js';
import { jitter, removeSub, send, sendable, set, setSub, type Turn } from './turn.js';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

const asked = (turn: Turn, sub: Sub, ask: Omit<Ask, 'until'>): void => {
  const until = turn.moment.now + turn.state.config.timing.confirmWithin;
  setSub(turn, { ...sub, phase: 'asked', serverId: undefined, retryAt: undefined, ask: { ...ask, until } });
};

/** Asks the server for a subscription of its own; with `resumes` for what was missed since its cursor too. */
const askAnew = (turn: Turn, sub: Sub, resumes: boolean): void => {
  if (isBlocked(turn, sub)) {
    setSub(turn, { ...sub, phase: 'waiting', serverId: undefined, ask: undefined, retryAt: undefined });
    return;
  }
  const { topic, filters, cursor } = sub;
  const after = resumes ? cursor : undefined;
  const data = { topic, filters, ...(after === undefined ? {} : { lastEventId: after }) };
  const requestId = send(turn, 'subscribeToDeals', data);
  asked(turn, sub, { requestId, resumes: after !== undefined, change: undefined });
};

/** Asks for a subscription: by a change of the one that served before, where that can be. */
const ask = (turn: Turn, sub: Sub, resumes: boolean): void => {
  if (!canChange(turn, sub)) {
    askAnew(turn, sub, resumes);
    return;
  }
  const { topic, filters, key, before } = sub;
  const requestId = send(turn, 'updateSubscription', { subscriptionId: before?.serverId, filters });
  asked(turn, sub, { requestId, resumes: false, change: { topic, filters, key } });
};

/** Asks for those that waited for the answer to a change. */
const askBlocked = (turn: Turn): void => {
  if (!sendable(turn.state)) return;
  for (const sub of turn.state.subs.values()) {
    if (sub.phase === 'waiting' && sub.retryAt === undefined) ask(turn, sub, sub.before?.phase !== 'live');
  }
};

/** Asks for each subscription that waits. */
export const askWaiting = (turn: Turn): void => {
  if (!sendable(turn.state)) return;
  for (const sub of turn.state.subs.values()) if (sub.phase === 'waiting') ask(turn, sub, true);
};

/** Asks for those whose time to try again has come. */
export const askDue = (turn: Turn): void => {
  if (!sendable(turn.state)) return;
  const due = (at: number | undefined) => at !== undefined && at <= turn.moment.now;
  for (const sub of turn.state.subs.values()) if (sub.phase === 'waiting' && due(sub.retryAt)) ask(turn, sub, true);
  endDue(turn);
};

export const subscribe = (turn: Turn, { id, request, lastEventId }: Of<'subscribe'>): void => {
  const sub: Sub = {
    ...request,
    id,
    key: keyOf(request.topic, request.filters),
    phase: 'waiting',
    cursor: lastEventId,
    serverId: undefined,
    ask: undefined,
    retryAt: undefined,
    refusals: 0,
    before: undefined,
    confirmed: false,
  };
  setSub(turn, sub);
  if (sendable(turn.state)) ask(turn, sub, true);
};

export const update = (turn: Turn, { id, request }: Of<'update'>): void => {
  const sub = turn.state.subs.get(id);
  if (sub === undefined) return;
  const key = keyOf(request.topic, request.filters);
  if (sub.ask?.change !== undefined) {
    // One change after the other: what is wanted now is asked for when the answer is there.
    setSub(turn, { ...sub, ...request, key });
    return;
  }
  if (key === sub.key) {
    if (sub.serverId !== undefined) turn.out.push({ type: 'confirmed', id, serverId: sub.serverId });
    return;
  }
  orphan(turn, sub);
  const { topic, filters, serverId } = sub;
  const confirmed = sub.confirmed && sub.before === undefined;
  const phase = serverId === undefined ? 'waiting' : sub.phase;
  const changed: Sub = {
    ...sub,
    ...request,
    key,
    cursor: cursorOf(turn.state, sub),
    phase: 'waiting',
    serverId: undefined,
    ask: undefined,
    retryAt: undefined,
    before: confirmed ? { topic, filters, key: sub.key, serverId, phase } : sub.before,
  };
  setSub(turn, changed);
  // What is live goes on from the new confirmation; what was missed and not yet replayed is asked for again.
  if (sendable(turn.state)) ask(turn, changed, changed.before?.phase !== 'live');
};

export const unsubscribe = (turn: Turn, { id }: Of<'unsubscribe'>): void => {
  const sub = turn.state.subs.get(id);
  if (sub === undefined) return;
  // What a change that is under way makes of it ends with it.
  if (sub.ask?.change === undefined) orphan(turn, sub);
  removeSub(turn, id);
  release(turn, sub.key, sub.serverId);
  if (sub.before !== undefined) release(turn, sub.before.key, sub.before.serverId);
  askBlocked(turn);
};

/** The server changed a subscription in its place: the new filters decide from `lastEventId` on. */
const changed = (turn: Turn, { id }: Sub, data: JsonObject): void => {
  settle(turn);
  const sub = turn.state.subs.get(id);
  const change = sub?.ask?.change;
  if (sub === undefined || change === undefined) return;
  const serverId = String(data['subscriptionId']);
  const cursor = typeof data['lastEventId'] === 'string' ? data['lastEventId'] : sub.cursor;
  setSub(turn, {
    ...sub,
    ...change,
    phase: 'live',
    serverId,
    cursor,
    ask: undefined,
    refusals: 0,
    before: undefined,
  });
  askBlocked(turn);
  if (sub.key === change.key) turn.out.push({ type: 'confirmed', id, serverId });
  else update(turn, { type: 'update', id, request: { topic: sub.topic, filters: sub.filters } });
};

const confirm = (turn: Turn, { id }: Sub, data: JsonObject): void => {
  settle(turn);
  const sub = turn.state.subs.get(id);
  if (sub === undefined) return;
  const serverId = String(data['subscriptionId']);
  const resumes = sub.ask?.resumes === true;
  const position = typeof data['lastEventId'] === 'string' ? data['lastEventId'] : undefined;
  setSub(turn, {
    ...sub,
    phase: resumes ? 'replaying' : 'live',
    serverId,
    cursor: resumes ? sub.cursor : position,
    ask: undefined,
    refusals: 0,
    before: undefined,
    confirmed: true,
  });
  if (sub.before !== undefined) release(turn, sub.before.key, sub.before.serverId);
  turn.out.push({ type: 'confirmed', id: sub.id, serverId });
  const lost = data['lost'];
  if (typeof lost === 'object' && lost !== null) turn.out.push({ type: 'gap', id: sub.id, lost: lost as Lost });
};

/** When a refusal may pass, or undefined where asking again would lead to nothing. */
const retryIn = (turn: Turn, sub: Sub, error: AidealsError): number | undefined => {
  switch (error.code) {
    case 'RATE_LIMIT_EXCEEDED':
      return (milliseconds(error.details['retryAfter']) ?? 1000) + turn.moment.random * 1000;
    case 'AUTHENTICATION_ERROR':
    case 'CONNECTION_ERROR':
    case 'INTERNAL_ERROR':
      return 1000 + jitter(turn, sub.refusals + 1);
    case 'SUBSCRIPTION_ERROR':
      // It was granted before, so it is not over a limit of its own making.
      return sub.confirmed && sub.before === undefined ? 1000 + jitter(turn, sub.refusals + 1) : undefined;
    default:
      return undefined;
  }
};

/** The server does not change it in its place: it is asked for anew, while the former one serves. */
const goAnew = (turn: Turn, sub: Sub, error: AidealsError): void => {
  if (error.code === 'VALIDATION_ERROR') set(turn, { changes: false });
  const waiting: Sub = { ...sub, phase: 'waiting', ask: undefined };
  setSub(turn, waiting);
  if (sendable(turn.state)) askAnew(turn, waiting, false);
  askBlocked(turn);
};

/** Something else is wanted by now than the change that was refused. */
const goOn = (turn: Turn, sub: Sub): void => {
  const { id, topic, filters, before } = sub;
  if (before === undefined) return;
  setSub(turn, { ...sub, ...before, ask: undefined, before: undefined });
  askBlocked(turn);
  update(turn, { type: 'update', id, request: { topic, filters } });
};

const refuse = (turn: Turn, sub: Sub, error: AidealsError): void => {
  const { id, before } = sub;
  const change = sub.ask?.change;
  if (change !== undefined && isRefusedAsSuch(error)) {
    goAnew(turn, sub, error);
    return;
  }
  if (change !== undefined && change.key !== sub.key && retryIn(turn, sub, error) === undefined) {
    goOn(turn, sub);
    return;
  }
  const after = retryIn(turn, sub, error);
  if (after !== undefined) {
    const retryAt = turn.moment.now + after;
    setSub(turn, { ...sub, phase: 'waiting', ask: undefined, retryAt, refusals: sub.refusals + 1 });
    turn.out.push({ type: 'refused', id, error, outcome: 'retried', standing: undefined });
  } else if (before !== undefined) {
    const back: Sub = { ...sub, ...before, ask: undefined, refusals: 0, before: undefined };
    setSub(turn, back);
    if (before.serverId === undefined && sendable(turn.state)) ask(turn, back, true);
    const standing = { topic: before.topic, filters: before.filters };
    turn.out.push({ type: 'refused', id, error, outcome: 'reverted', standing });
  } else {
    removeSub(turn, id);
    turn.out.push({ type: 'refused', id, error, outcome: 'ended', standing: undefined });
  }
  askBlocked(turn);
};

const recover = (turn: Turn, data: JsonObject): void => {
  const serverId = data['subscriptionId'];
  const position = data['lastEventId'];
  const replayed = Number(data['replayed']);
  settle(turn);
  for (const sub of turn.state.subs.values()) {
    if (sub.before?.serverId === serverId && sub.before?.phase === 'replaying') {
      setSub(turn, { ...sub, before: { ...sub.before, phase: 'live' } });
    }
    if (sub.serverId !== serverId || sub.phase !== 'replaying') continue;
    setSub(turn, { ...sub, phase: 'live', cursor: typeof position === 'string' ? position : sub.cursor });
    turn.out.push({ type: 'recovered', id: sub.id, replayed });
  }
};

/** Takes a frame that answers a subscription's question, or tells of one. False where it does not. */
export const subscriptionFrame = (turn: Turn, frame: ServerFrame): boolean => {
  if (frame.type === 'subscriptionRecovered') {
    recover(turn, frame.data);
    return true;
  }
  const { requestId } = frame;
  if (requestId === undefined) return false;
  for (const sub of turn.state.subs.values()) {
    if (sub.ask?.requestId !== requestId) continue;
    if (frame.type === 'error') refuse(turn, sub, AidealsError.of(frame));
    else if (sub.ask.change !== undefined) changed(turn, sub, frame.data);
    else confirm(turn, sub, frame.data);
    return true;
  }
  return endingFrame(turn, requestId, frame);
};

/** Less than any deployment takes as one frame. */
const NEVER_TOO_LARGE = 16_384;

/** A frame was too large: where it was a question of ours, it is the longest one, and it is not asked again. */
export const blameLongest = (turn: Turn, code: number): void => {
  const length = ({ filters }: Sub): number => JSON.stringify(filters).length;
  const [longest] = [...turn.state.subs.values()].filter((sub) => sub.ask).sort((a, b) => length(b) - length(a));
  if (longest === undefined || length(longest) <= NEVER_TOO_LARGE) return;
  const message = `the server closed the connection (${code}): these filters are too large for one frame`;
  refuse(turn, longest, new AidealsError('VALIDATION_ERROR', message, { closeCode: code }));
};

/** The connection is gone: what it held is asked for anew on the next one. */
export const forgetConnection = (turn: Turn): void => {
  settle(turn);
  const subs = [...turn.state.subs].map(([id, sub]): [string, Sub] => [
    id,
    {
      ...sub,
      phase: 'waiting',
      serverId: undefined,
      ask: undefined,
      retryAt: undefined,
      before: sub.before && { ...sub.before, serverId: undefined, phase: 'waiting' },
    },
  ]);
  set(turn, { subs: new Map(subs), orphans: new Map(), ending: new Map(), byHand: false, changes: true });
};
