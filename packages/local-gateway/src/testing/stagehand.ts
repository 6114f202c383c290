import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/** An invocation of the test’s function. */
export interface Call {
  // biome-ignore lint/suspicious/noExplicitAny: an event has the shape that the test expects, and is looked at field by field
  readonly event: any;
  readonly functionName: string;
  readonly requestId: string;
  readonly arn: string;
  /** How many its instance has had. */
  readonly invocations: number;
}

type Answer = { readonly result?: unknown; readonly error?: string };

export const remoteFile = fileURLToPath(new URL('./remote.mjs', import.meta.url));
export const fixture = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

/** Decides what functions answer, and keeps what they were asked. */
export class Stagehand {
  readonly calls: Call[] = [];
  /** What to answer; may wait. */
  answer: (call: Call) => unknown = () => ({ statusCode: 200 });
  readonly #server: Server;
  readonly #looks = new Set<() => void>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Stagehand> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stagehand = new Stagehand(server);
    server.on('request', async (request, response) => {
      let text = '';
      for await (const part of request) text += part;
      const call = JSON.parse(text) as Call;
      stagehand.calls.push(call);
      for (const look of [...stagehand.#looks]) look();
      let answer: Answer;
      try {
        answer = { result: await stagehand.answer(call) };
      } catch (error) {
        answer = { error: (error as Error).message };
      }
      response.end(JSON.stringify(answer));
    });
    return stagehand;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many calls that match have come. */
  called(count = 1, match: (call: Call) => boolean = () => true): Promise<Call[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.calls.filter(match);
        if (found.length < count) return;
        this.#looks.delete(look);
        resolve(found);
      };
      this.#looks.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A promise that the test resolves. */
export const gate = <T = void>() => {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
};
