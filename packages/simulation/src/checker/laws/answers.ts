import type { Conn, Pending } from '../conn.js';
import { isError, type Law, must, type Received } from '../law.js';
import { expiryOf, type View } from '../view.js';

const replies: Readonly<Record<string, string>> = {
  ping: 'pong',
  sendMessage: 'messageSent',
  subscribeToDeals: 'subscriptionConfirmed',
  unsubscribeFromDeals: 'unsubscriptionConfirmed',
  updateSubscription: 'subscriptionUpdated',
  getStatus: 'statusUpdate',
  refreshToken: 'tokenRefreshed',
};

const pushes = new Set(['messageReceived', 'notification', 'subscriptionRecovered', 'tokenExpiring', 'goAway']);

const replyTo = ({ action, data }: Pending['request']): string | undefined => {
  if (action !== 'notificationAck') return replies[action];
  return data['messageId'] === undefined ? 'ackConfirmed' : 'notificationAcked';
};

/** Each frame has one answer, in the order sent, of the right kind; and no error comes without a cause. */
export const answers = (view: View): Law => {
  const mayRefuse = (conn: Conn, request: Pending, { wire }: Received): boolean => {
    const { action } = request.request;
    switch (wire.data['code']) {
      case 'INTERNAL_ERROR':
        return view.faults > request.faults;
      case 'MESSAGE_ERROR':
        return action === 'sendMessage';
      case 'SUBSCRIPTION_ERROR':
        return ['subscribeToDeals', 'unsubscribeFromDeals', 'updateSubscription'].includes(action);
      case 'RATE_LIMIT_EXCEEDED':
        return view.rules.limited;
      case 'AUTHENTICATION_ERROR':
        return action === 'refreshToken' || request.lapsed || conn.lapsed;
      case 'AUTHORIZATION_ERROR':
        return action === 'refreshToken';
      case 'CONNECTION_ERROR':
        return true;
      case 'VALIDATION_ERROR':
        return replyTo(request.request) === undefined || !['ping', 'getStatus'].includes(action);
      default:
        return false;
    }
  };

  const answer = (conn: Conn, item: Received): void => {
    const request = conn.pending.shift();
    const { requestId } = item.wire;
    must(
      'answers come in order',
      request !== undefined && request.request.requestId === requestId,
      () => `${requestId} was answered while ${request?.request.requestId ?? 'nothing'} was next`,
      item,
    );
    if (request === undefined) return;
    view.request = request;
    const expected = replyTo(request.request);
    const { action } = request.request;
    if (isError(item)) {
      const said = () => `${action} was refused with ${String(item.wire.data['code'])} without a cause`;
      must('no error without a cause', mayRefuse(conn, request, item), said, item);
      return;
    }
    const other = () => `${action} was answered with ${item.wire.type}`;
    must('each action has its answer', item.wire.type === expected, other, item);
    const expired = conn.expiredFrom !== undefined && conn.expiredFrom < request.index && conn.exps.length === 1;
    must(
      'nothing is served after expiry',
      !expired || action === 'refreshToken',
      () => `${action} was served though the token had expired before it was sent`,
      item,
    );
  };

  const refresh = (conn: Conn, item: Received): void => {
    const request = view.request as Pending;
    const { token } = request.request.data;
    const exp = expiryOf(request.request.data);
    if (isError(item)) {
      const asked = exp === undefined ? -1 : conn.exps.indexOf(exp, 1);
      if (asked > 0) conn.exps.splice(asked, 1);
      return;
    }
    const own = typeof token === 'string' && token.split(':')[0] === conn.user;
    must('a token is taken from its user alone', own, () => `${conn.user} refreshed with ${String(token)}`, item);
    const told = item.wire.data['expiresAt'];
    must('a refresh tells the expiry', told === exp, () => `${String(told)} instead of ${String(exp)}`, item);
    view.refreshed(conn, exp as number, item);
  };

  return {
    see(item) {
      if (item.kind === 'quiet') {
        for (const conn of view.open()) {
          const [first] = conn.pending;
          const said = () => `${first?.request.action} ${first?.request.requestId} of ${conn.id} has no answer`;
          must('each frame is answered', first === undefined, said, item);
        }
      }
      if (item.kind !== 'received') return;
      const conn = view.conn(item.conn);
      const { wire } = item;
      if (wire.requestId !== undefined) {
        answer(conn, item);
        if (view.request?.request.action === 'refreshToken') refresh(conn, item);
        return;
      }
      const known = wire.id !== undefined || pushes.has(wire.type);
      must('only pushes come unasked', known, () => `${wire.type} without a requestId`, item);
    },
  };
};
