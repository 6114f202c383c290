import { idsOf, type Rule } from './rules.js';

/** What a serverless deployment does differently, beside what the rule says, why, and which checks are left out for it. */
export interface Difference {
  readonly rule: string;
  readonly because: string;
  /** Titles of the checks that are left out, without their ids; all of the rule's where this is left out, none where it is empty. */
  readonly checks?: readonly string[];
}

/**
 * All differences between the deployments. A rule that is listed here says in `docs/protocol.md`, after **Serverless:**, what
 * may be different, and no rule that is not listed does. `docs/differences.md` is made of both.
 */
export const differences: readonly Difference[] = [
  {
    rule: 'CONN-1',
    because: 'API Gateway decides about paths before any function is asked.',
    checks: ['any other path is 404'],
  },
  { rule: 'CONN-2', because: 'API Gateway refuses an upgrade that is malformed; no function is asked.' },
  {
    rule: 'CONN-4',
    because: 'What API Gateway refuses by itself has its body; what `$connect` refuses has the error.',
    checks: ['a refused upgrade carries the error as its body'],
  },
  { rule: 'CONN-10', because: 'The page comes from elsewhere: the host of the API is never its own.' },
  { rule: 'BATCH-2', because: 'A post to a connection holds one message, and nothing waits between two.' },
  { rule: 'AUTH-12', because: 'Nothing runs between events but the sweep, which comes each minute.' },
  { rule: 'AUTH-13', because: 'Nothing runs between events but the sweep, which comes each minute.' },
  {
    rule: 'CHAT-6',
    because: 'A repeat completes what another invocation has begun, whether or not that one still lives.',
    checks: [],
  },
  { rule: 'PING-2', because: 'No function knows what others have sent to a connection.' },
  {
    rule: 'UPDATE-2',
    because: 'Who publishes reads what is stored, while another invocation changes it.',
    checks: [],
  },
  {
    rule: 'LOG-2',
    because: 'What was published before may still be on its way to those who match.',
    checks: [],
  },
  {
    rule: 'LOG-4',
    because:
      'Events may overtake one another on the way, so that one which a client lacks may lie before one that it has.',
    checks: [],
  },
  {
    rule: 'LOG-6',
    because: 'Each replay is read and sent by an invocation of its own.',
    checks: ['a second replay is confirmed at once and follows the first'],
  },
  {
    rule: 'LOG-3',
    because: 'Each publish is sent by an invocation of its own, and nothing makes one wait for another.',
  },
  { rule: 'LOG-5', because: 'Who publishes does not know that another invocation is replaying.' },
  {
    rule: 'LOG-8',
    because: 'Nobody owns the log: an epoch belongs to the table that holds it, and a restored table is another one.',
    checks: [
      'after a clean stop the same, and an id past the end of the earlier epoch is lost',
      'a log that was restored from a backup says so',
    ],
  },
  {
    rule: 'LOG-10',
    because: 'Nothing runs between events but the sweep, which comes each minute.',
    checks: [],
  },
  {
    rule: 'SLOW-1',
    because: 'What waits for a client waits in API Gateway, which cannot be looked into.',
    checks: ['of a slow reader’s deals the newest of each key comes, in order, and it is told how many were taken out'],
  },
  {
    rule: 'SLOW-2',
    because: 'What waits for a client waits in API Gateway, which cannot be looked into.',
    checks: [
      'past the hard mark the connection is closed with 4008, and can resume',
      'one that asks and asks and reads no answer is closed with 4008, and no one else notices',
      'a reader that takes no byte for the stall time, while something waits, is closed with 4008',
    ],
  },
  { rule: 'ORDER-1', because: 'API Gateway invokes a function for each frame, at once and in parallel.' },
  { rule: 'ORDER-2', because: 'API Gateway invokes a function for each frame, at once and in parallel.' },
  {
    rule: 'LIMIT-1',
    because: 'API Gateway takes no frame over 32 KiB.',
    checks: ['a message of 131,072 bytes is handled, and one byte more is 1009'],
  },
  { rule: 'LIMIT-6', because: 'API Gateway throttles by its own quota before any function is asked.' },
  {
    rule: 'LIMIT-9',
    because: 'API Gateway closes what has been idle for ten minutes.',
    checks: [
      'a silent connection is closed with 4009, though it answers the heartbeat',
      'pings of the client, its frames and pushes to it each keep a connection open',
    ],
  },
  {
    rule: 'HTTP-6',
    because: 'A repeat completes what another invocation has begun, whether or not that one still lives.',
    checks: [],
  },
  { rule: 'HTTP-19', because: 'API Gateway hands a body over as a whole, once all of it is there.' },
  { rule: 'HTTP-20', because: 'API Gateway hands a body over as a whole, once all of it is there.' },
  { rule: 'HTTP-21', because: 'API Gateway hands a body over as a whole, once all of it is there.' },
  {
    rule: 'HTTP-17',
    because: 'Metrics go to CloudWatch, and the page is served from elsewhere.',
    checks: ['/metrics and the page are there'],
  },
  { rule: 'CLOSE-5', because: 'API Gateway reads the frames.' },
  {
    rule: 'CLOSE-7',
    because: 'No function holds a connection, so that none has one to hand over when it stops.',
    checks: ['a server that is asked to stop says so, refuses new ones and ends with 0'],
  },
  {
    rule: 'CLOSE-10',
    because:
      'What waits for a client waits in API Gateway, which tells only that it takes no more, and takes no close codes.',
  },
  { rule: 'CLOSE-11', because: 'API Gateway closes what has been idle for ten minutes.' },
];

const byRule = new Map(differences.map((difference) => [difference.rule, difference]));

const leavesOut = ({ checks }: Difference, title: string): boolean =>
  checks?.some((check) => title.endsWith(`] ${check}`)) === true;

/**
 * Whether a serverless deployment must pass a check: where it is not left out by name, and is held to at least one of the
 * rules that it tries.
 */
export const holdsServerless = (title: string, rules: ReadonlyMap<string, Rule>): boolean => {
  const ids = idsOf(title);
  const found = ids.map((id) => byRule.get(id));
  if (found.some((difference) => difference !== undefined && leavesOut(difference, title))) return false;
  const isHeld = (id: string, i: number): boolean =>
    rules.get(id)?.selfHosted === false && (found[i] === undefined || found[i].checks !== undefined);
  return ids.some(isHeld);
};
