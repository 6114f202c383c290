export type { Actions, ReplyData } from './actions.js';
export type { CallOptions } from './calls.js';
export { type Client, createClient } from './client.js';
export { AidealsError, type ClientErrorCode } from './errors.js';
export type { ActionName, DealEvent, Filters, JsonObject, Lost, PushFrame, PushType } from './frames.js';
export type {
  ActionDataMap,
  ActionReplyMap,
  ErrorCode,
  PushMap,
  ServerFrame,
} from './generated/wire.js';
export { actionNames, closeAdvice } from './generated/wire.js';
export type { Timing } from './machine.js';
export type { ClientEvents, ClientListeners, ClientOptions, ClientState, SubscribeOptions } from './options.js';
export type { WebSocketConstructor, WebSocketLike } from './socket.js';
export type { Subscription, SubscriptionEvents, SubscriptionState } from './subscription.js';
