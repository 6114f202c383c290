// DynamoDB's API by plain requests, and a proxy before it that counts the rows which are read.
import { Agent, createServer, request } from 'node:http';

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  authorization:
    'AWS4-HMAC-SHA256 Credential=bench/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  'x-amz-date': '20200101T000000Z',
};
const BATCH = 25;

export const dynamo = (endpoint) => {
  const call = async (operation, body) => {
    const headers = { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` };
    const answer = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${operation} was answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    async items(table) {
      const { Items } = await call('Scan', { TableName: table });
      return Items;
    },
    async put(table, items) {
      for (let n = 0; n < items.length; n += BATCH) {
        const requests = items.slice(n, n + BATCH).map((Item) => ({ PutRequest: { Item } }));
        await call('BatchWriteItem', { RequestItems: { [table]: requests } });
      }
    },
  };
};

/** How many rows an answer holds. */
const rowsIn = (operation, text) => {
  const answer = JSON.parse(text);
  if (operation === 'GetItem') return answer.Item === undefined ? 0 : 1;
  if (operation === 'BatchGetItem') return Object.values(answer.Responses).flat().length;
  return answer.Items?.length ?? 0;
};

export const countingReads = async (endpoint) => {
  const { hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true });
  const counts = { requests: 0, rows: 0, scans: 0 };
  const server = createServer((incoming, outgoing) => {
    counts.requests += 1;
    const operation = String(incoming.headers['x-amz-target']).split('.')[1];
    const { method, url: path, headers } = incoming;
    const asked = request({ hostname, port, method, path, headers, agent }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => {
        const body = Buffer.concat(chunks);
        if (answer.statusCode === 200 && /^(?:Query|Scan|GetItem|BatchGetItem)$/u.test(operation)) {
          counts.rows += rowsIn(operation, body.toString());
        }
        if (operation === 'Scan') counts.scans += 1;
        outgoing.writeHead(answer.statusCode, answer.rawHeaders).end(body);
      });
    });
    asked.on('error', () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    counts,
    stop: () => {
      agent.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};
