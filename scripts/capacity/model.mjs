/**
 * What a deployment needs, from what is asked of it. Every coefficient is one thing's cost in one place; `measured.json` has the
 * values, and says how each was got. All of it is arithmetic: no queues, no bursts; `headroom` is for these.
 */

const MONTH_SECONDS = 30 * 86_400;
const GIB = 2 ** 30;

/** What is asked: a medium system. Rates are those of a busy hour. */
export const defaults = {
  /** Open connections. */
  connections: 50_000,
  /** Minutes that one lasts. */
  sessionMinutes: 30,
  /** Events published a second, and how many of these bring a list of so many. */
  events: 20,
  eventsPerCall: 1,
  /** Bytes of an event as a frame. */
  eventBytes: 400,
  /** Of all connections, those that an event matches, in percent. */
  matching: 5,
  /** Seconds that events are kept for clients that resume. */
  retentionSeconds: 3_600,
  /** Chat messages a second, and how many of 100 are for someone who is connected. */
  messages: 50,
  online: 50,
  /** Notifications a second, one user each. */
  notifications: 10,
  /** Bytes of a message or notification as it is stored, and days that it is kept. */
  messageBytes: 500,
  messageDays: 30,
  /** What a node has: memory for connections, in GiB, and cores that serve them (one, but for `--workers`). */
  nodeMemoryGib: 1.5,
  nodeCores: 1,
  /** How full nodes, Redis and tables may be, in percent. */
  headroom: 60,
};

const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);

/** Needs, in whole nodes and plain numbers. `prices` are dollars. */
export const capacity = (asked, { cost, prices }) => {
  const share = asked.headroom / 100;
  const connects = asked.connections / (asked.sessionMinutes * 60);
  const deliveries = asked.events * asked.connections * (asked.matching / 100);
  const onlineMessages = asked.messages * (asked.online / 100);
  const awayMessages = asked.messages - onlineMessages;

  // Nodes: every node that has a subscriber hears every event once, which is what grows with their number.
  const perNodeEvents = asked.events * cost.nodeMicrosPerEventHeard;
  const shared =
    (deliveries * cost.nodeMicrosPerDelivery +
      (asked.events / asked.eventsPerCall) * cost.nodeMicrosPerPublish +
      connects * cost.nodeMicrosPerConnect +
      asked.messages * cost.nodeMicrosPerMessage +
      asked.notifications * cost.nodeMicrosPerNotification) /
    1e6;
  const coresOfNode = asked.nodeCores * share - perNodeEvents / 1e6;
  const byCpu = coresOfNode > 0 ? shared / coresOfNode : Number.POSITIVE_INFINITY;
  const byMemory = (asked.connections * cost.nodeKibPerConnection * 1024) / (asked.nodeMemoryGib * GIB * share);
  const needed = Math.max(1, Math.ceil(Math.max(byCpu, byMemory)));
  // One may die: the others take its clients.
  const nodes = needed === 1 && asked.connections < 2 ? 1 : needed + 1;

  const redisCores =
    ((asked.events / asked.eventsPerCall) * cost.redisMicrosPerAppend +
      asked.events * cost.redisMicrosPerEvent +
      asked.events * nodes * cost.redisMicrosPerEventAndNode +
      onlineMessages * cost.redisMicrosPerMessage) /
    1e6;
  const redisBytes = asked.events * asked.retentionSeconds * (asked.eventBytes + cost.redisBytesPerEvent);

  const unitsOf = (kind) =>
    sum([
      connects * cost.dynamo.connection[kind],
      onlineMessages * cost.dynamo.messageOnline[kind],
      awayMessages * cost.dynamo.messageAway[kind],
      asked.notifications * cost.dynamo.notification[kind],
      asked.messages * cost.dynamo.acknowledgement[kind],
      nodes * cost.dynamo.nodeSecond[kind],
    ]);
  const writes = unitsOf('writes');
  const reads = unitsOf('reads');
  const storedGib =
    ((asked.messages + asked.notifications) *
      86_400 *
      asked.messageDays *
      (asked.messageBytes + cost.dynamo.bytesPerMessage)) /
    GIB;

  return {
    rates: { connects, deliveries, mebibitsPerSecond: (deliveries * asked.eventBytes * 8) / 2 ** 20 },
    nodes: { nodes, byCpu, byMemory, connectionsPerNode: asked.connections / nodes },
    redis: { cores: redisCores, memoryGib: redisBytes / GIB, isEnough: redisCores <= share },
    dynamo: {
      writes,
      reads,
      storedGib,
      dollarsPerMonth:
        ((writes * prices.dollarsPerMillionWrites + reads * prices.dollarsPerMillionReads) * MONTH_SECONDS) / 1e6 +
        storedGib * prices.dollarsPerGibMonth,
    },
  };
};
