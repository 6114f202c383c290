import { CHAT, DELIVERY, type Operation, PING, PUBLISH, SESSION, SWEEP } from './operations.js';
import { MONTHLY, type Part, PRICES } from './prices.js';

/** What a deployment carries, on average over a month. */
export interface Load {
  /** Open at once. */
  readonly connections: number;
  /** How long one is open: 120 at most, since API Gateway ends it then. */
  readonly sessionMinutes: number;
  /** Of each connection in an hour. */
  readonly pingsPerHour: number;
  readonly chatsPerHour: number;
  /** Events in an hour, in all, and how many connections each goes to. */
  readonly eventsPerHour: number;
  readonly receivers: number;
  readonly frameBytes: number;
  /** Kept in the tables, in GB. */
  readonly storedGb: number;
  readonly parts: readonly Part[];
}

/** Dollars, by what they are for. */
export type Bill = Readonly<Record<string, number>>;

export interface Estimate {
  /** A month of connections: that they are open, that they come and go, and what they ping. */
  readonly connected: Bill;
  /** A month of messages: chat, and events to those who get them. */
  readonly messages: Bill;
  /** A month of what is there, whether it is used or not. */
  readonly standing: Bill;
  readonly total: number;
  readonly perConnectedHour: number;
  readonly perMillionMessages: number;
}

const HOURS = 730;
/** API Gateway counts a message in pieces of so much. */
const METERED_BYTES = 32_768;
const GB = 1e9;
/** X-Ray keeps one in twenty. */
const TRACED = 0.05;

export const sumOf = (bill: Bill): number => Object.values(bill).reduce((sum, value) => sum + value, 0);

/** What so many operations cost, but for what API Gateway takes. */
const runs = (done: readonly (readonly [number, Operation])[]): Bill => {
  const used = (what: keyof Operation): number =>
    done.reduce((sum, [times, operation]) => sum + times * operation[what], 0);
  return {
    'Lambda: invocations': used('invocations') * PRICES.lambdaInvocation,
    'Lambda: time': used('gbSeconds') * PRICES.lambdaGbSecond,
    'DynamoDB: writes': used('writes') * PRICES.dynamoWrite,
    'DynamoDB: reads': used('reads') * PRICES.dynamoRead,
    'CloudWatch: logs': (used('logBytes') / GB) * PRICES.logGb,
    'X-Ray: traces': used('invocations') * TRACED * PRICES.trace,
  };
};

/** What a load costs in a month. */
export const estimate = (load: Load): Estimate => {
  const { connections, frameBytes } = load;
  const hours = connections * HOURS;
  const sessions = (hours * 60) / load.sessionMinutes;
  const pings = hours * load.pingsPerHour;
  const chats = hours * load.chatsPerHour;
  const events = load.eventsPerHour * HOURS;
  const deliveries = events * load.receivers;
  const pieces = Math.ceil(Math.max(1, frameBytes) / METERED_BYTES);
  // A message of chat, its answer, and the one that it is for.
  const sent = chats * 3 + deliveries;

  const connected = {
    'API Gateway: minutes': hours * 60 * PRICES.connectionMinute,
    'API Gateway: pings and answers': pings * 2 * PRICES.socketMessage,
    ...runs([
      [sessions, SESSION],
      [pings, PING],
    ]),
  };
  const messages = {
    'API Gateway: messages': sent * pieces * PRICES.socketMessage,
    'API Gateway: HTTP calls': events * PRICES.httpCall,
    ...runs([
      [chats, CHAT],
      [events, PUBLISH],
      [deliveries, DELIVERY],
    ]),
    'Traffic out': (((deliveries + chats) * frameBytes) / GB) * PRICES.outGb,
  };
  const standing = {
    'Sweep, each minute': sumOf(runs([[HOURS * 60, SWEEP]])),
    'DynamoDB: storage': load.storedGb * PRICES.dynamoGb,
    ...Object.fromEntries((['base', ...load.parts] as const).flatMap((part) => Object.entries(MONTHLY[part]))),
  };
  return {
    connected,
    messages,
    standing,
    total: sumOf(connected) + sumOf(messages) + sumOf(standing),
    perConnectedHour: hours === 0 ? 0 : sumOf(connected) / hours,
    perMillionMessages: sent === 0 ? 0 : (sumOf(messages) / sent) * 1e6,
  };
};
