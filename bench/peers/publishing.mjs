/** Collects the body of a request. */
export const bodyOf = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
};

/** The event, or the events of a list, that a publisher posted. */
export const listOf = (body) => (Array.isArray(body) ? body : [body]);

/** The topic that a subscriber named in the address of its upgrade. */
export const topicOf = (url) => new URL(url, 'http://127.0.0.1').searchParams.get('topic') ?? 'bench';

/** The frame that goes to subscribers: what the server of this project sends for the same event. */
let offset = 0;
export const envelope = ({ messageType = 'dealUpdate', topic, data }) => ({
  type: messageType,
  topic,
  id: `bench1-${++offset}`,
  data,
  timestamp: Math.floor(Date.now() / 1000),
});

export const ready = (server) => process.stdout.write(`ready at ws://127.0.0.1:${server.address().port}\n`);

process.on('SIGTERM', () => process.exit(0));
