export { closeNoticeFrame } from './close-notice.js';
export { type Greeting, openingResult, readConnect } from './connect.js';
export type { ConnectEvent, MessageEvent, ProxyResult } from './event.js';
export { createHandlers, type HandlerOptions } from './handlers.js';
export { type Message, readMessage } from './message.js';
export { answerOutcome, type OutcomeAnswer, type Post } from './outcome.js';
