export type { AwsAnswer } from './answer.js';
export { type AwsCallOptions, answerAwsCall } from './answer-aws-call.js';
export type { ConnectionFacts, Connections, Posted } from './connections.js';
export type { Functions, Invocation } from './functions.js';
export type { AwsRequest } from './request.js';
export type { Refusal, RefusalType } from './sigv4/refusal.js';
export { type SecretOf, type SignatureRules, type Verified, verifySignature } from './sigv4/verify.js';
