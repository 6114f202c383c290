export { closeNoticeFrame } from './close-notice.js';
export type { ConnectEvent, MessageEvent, ProxyResult } from './event.js';
export { type Message, readMessage } from './frame-text.js';
export { type Greeting, openingResult, readConnect } from './greeting.js';
export { createMessages, type MessageOptions } from './handlers/message.js';
export { answerOutcome, type OutcomeAnswer, type Post } from './outcome.js';
