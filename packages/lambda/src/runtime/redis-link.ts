import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RedisAddress } from '@aideals/bus';
import type { RedisCommands } from '@aideals/store/redis';
import { Decoder } from '@redis/client/dist/lib/RESP/decoder.js';

/** A server that does not answer for so long is given up. */
const SILENT_MS = 2_500;
/** Past so long without a word the connection is tried before it is used: a frozen process does not hear that it ended. */
const IDLE_MS = 15_000;
const TRIED_MS = 500;

const MOVED = /^MOVED \d+ (.+):(\d+)$/u;

interface Waiter {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface RedisLinkOptions {
  readonly address: RedisAddress;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

const within = <T>(ms: number, work: Promise<T>, give: () => void): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      give();
      reject(new Error('Redis does not answer'));
    }, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });

/** A command as Redis reads it: how many words, and of each how long it is. */
const encode = (words: readonly (string | Buffer)[]): Buffer => {
  const parts = words.flatMap((word) => {
    const bytes = typeof word === 'string' ? Buffer.from(word) : word;
    return [Buffer.from(`$${bytes.byteLength}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
};

/** One connection, as long as it lasts. */
class Line {
  readonly #socket: Socket;
  readonly #waiting: Waiter[] = [];
  isOpen = true;

  constructor(socket: Socket) {
    this.#socket = socket;
    const decoder = new Decoder({
      onReply: (reply: unknown) => this.#waiting.shift()?.resolve(reply),
      onErrorReply: (error: Error) => this.#waiting.shift()?.reject(error),
      onPush: () => undefined,
      getTypeMapping: () => ({}),
    });
    socket.setNoDelay(true);
    // What waits for nothing keeps no process alive.
    socket.unref();
    socket.on('data', (chunk: Buffer) => decoder.write(chunk));
    socket.on('error', (error) => this.end(error));
    socket.on('close', () => this.end(new Error('Redis closed the connection')));
  }

  send(words: readonly (string | Buffer)[], ms: number): Promise<unknown> {
    const answered = new Promise<unknown>((resolve, reject) => {
      if (!this.isOpen) reject(new Error('the connection to Redis has ended'));
      else {
        this.#waiting.push({ resolve, reject });
        this.#socket.write(encode(words));
      }
    });
    return within(ms, answered, () => this.end(new Error('Redis does not answer')));
  }

  end(error: Error): void {
    this.isOpen = false;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

const dial = async ({ tls, username, password, database }: RedisAddress, host: string, port: number): Promise<Line> => {
  const socket = tls ? connectTls({ host, port, servername: host }) : connect({ host, port });
  const line = new Line(socket);
  const ready = new Promise<void>((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
  });
  await within(SILENT_MS, ready, () => line.end(new Error('Redis cannot be reached')));
  if (password !== undefined) {
    await line.send(['AUTH', ...(username === undefined ? [] : [username]), password], SILENT_MS);
  }
  if (database !== undefined) await line.send(['SELECT', String(database)], SILENT_MS);
  return line;
};

/**
 * Redis for a process that is frozen between its invocations: nothing runs but what was asked for, and a connection that may
 * have ended meanwhile is tried before it is used. Of a cluster, a key is asked for where a first answer says that it is.
 */
export const redisLink = ({ address, now }: RedisLinkOptions): RedisCommands & { close(): void } => {
  const lines = new Map<string, { readonly line: Promise<Line>; heardAt: number }>();

  const open = (host: string, port: number) => {
    const entry = { line: dial(address, host, port), heardAt: now() };
    const name = `${host}:${port}`;
    lines.set(name, entry);
    entry.line.catch(() => {
      if (lines.get(name) === entry) lines.delete(name);
    });
    return entry;
  };

  const lineTo = async (host: string, port: number) => {
    const known = lines.get(`${host}:${port}`);
    if (known === undefined) return open(host, port);
    const line = await known.line;
    const isIdle = now() - known.heardAt > IDLE_MS;
    const lives =
      line.isOpen &&
      (!isIdle ||
        (await line.send(['PING'], TRIED_MS).then(
          () => true,
          () => false,
        )));
    return lives ? known : open(host, port);
  };

  const sendTo = async (host: string, port: number, words: readonly (string | Buffer)[]): Promise<unknown> => {
    const entry = await lineTo(host, port);
    const reply = await (await entry.line).send(words, SILENT_MS);
    entry.heardAt = now();
    return reply;
  };

  const [first] = address.nodes;
  if (first === undefined) throw new Error(`${address.setting}: names no host`);
  return {
    async send(words) {
      try {
        return await sendTo(first.host, first.port, words);
      } catch (error) {
        const [, host, port] = MOVED.exec((error as Error).message) ?? [];
        if (host === undefined || port === undefined) throw error;
        return sendTo(host, Number(port), words);
      }
    },
    close() {
      for (const { line } of lines.values())
        void line.then(
          (each) => each.end(new Error('closed')),
          () => undefined,
        );
      lines.clear();
    },
  };
};
