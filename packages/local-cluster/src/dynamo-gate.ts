import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { freePort } from './free-port.js';
import type { Address } from './link.js';

const THROTTLED = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
  message: 'The level of configured provisioned throughput for the table was exceeded.',
});

/** Stands before a DynamoDB and answers a share of the calls as one does whose capacity is used up. */
export class DynamoGate {
  readonly host = '127.0.0.1';
  readonly port: number;
  /** How many calls it has refused. */
  throttled = 0;
  #share = 0;
  readonly #to: Address;
  readonly #chance: () => number;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, noDelay: true });

  private constructor(to: Address, server: Server, chance: () => number) {
    this.#to = to;
    this.#server = server;
    this.#chance = chance;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (call, answer) => this.#take(call, answer));
  }

  static async before(to: Address, chance: () => number = Math.random): Promise<DynamoGate> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const port = await freePort();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new DynamoGate(to, server, chance);
  }

  get endpoint(): string {
    return `http://${this.host}:${this.port}`;
  }

  /** From 0, all pass, to 1, none does. */
  throttle(share: number): void {
    this.#share = share;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  #take(call: IncomingMessage, answer: ServerResponse): void {
    if (this.#chance() < this.#share) {
      this.throttled += 1;
      call.resume();
      answer.writeHead(400, {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(THROTTLED),
        'x-amz-crc32': String(crc32(THROTTLED)),
      });
      answer.end(THROTTLED);
      return;
    }
    const { method, url, headers } = call;
    const asked = request(
      { host: this.#to.host, port: this.#to.port, method, path: url, headers, agent: this.#agent },
      (given) => {
        answer.writeHead(given.statusCode ?? 502, given.rawHeaders);
        given.pipe(answer);
        given.once('aborted', () => answer.destroy());
      },
    );
    // Whoever called sees a link that breaks.
    asked.once('error', () => answer.destroy());
    answer.once('close', () => asked.destroy());
    call.pipe(asked);
  }
}
