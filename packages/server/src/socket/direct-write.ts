import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What of Node's internals is used here; none of it is promised, so that it is tried before it is relied on. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  buffer?: Uint8Array;
}

interface Handle {
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

const handleOf = (socket: Socket): Handle | undefined => {
  const handle: unknown = Reflect.get(socket, '_handle');
  return typeof handle === 'object' && handle !== null && 'writeBuffer' in handle ? (handle as Handle) : undefined;
};

const isBinding = (binding: Partial<StreamBinding>): binding is StreamBinding =>
  typeof binding.WriteWrap === 'function' &&
  binding.streamBaseState instanceof Int32Array &&
  typeof binding.kLastWriteWasAsync === 'number';

const bindingOf = (): StreamBinding | undefined => {
  try {
    const binding = (Reflect.get(process, 'binding') as (name: string) => Partial<StreamBinding>)('stream_wrap');
    return isBinding(binding) ? binding : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Writes to sockets without the bookkeeping of a stream: one call into libuv, which tries `write` at once and queues what
 * the system does not take. Costs a third less than `socket.write` of what does not go to the kernel.
 */
export class DirectWrite {
  readonly #binding: StreamBinding;
  /** A request is used up only by a write that was not done at once. */
  #request: WriteRequest;

  constructor(binding: StreamBinding) {
    this.#binding = binding;
    this.#request = new binding.WriteWrap();
  }

  /** Plain TCP alone: other streams put more between a write and the system. */
  canUse(socket: Socket): boolean {
    return handleOf(socket)?.constructor.name === 'TCP';
  }

  /** `later` calls `written`; of `failed` the socket's own end tells. */
  write(socket: Socket, bytes: Uint8Array, waiting: { written(): void }): 'taken' | 'later' | 'failed' {
    const handle = handleOf(socket);
    if (handle === undefined) return 'failed';
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = this.#binding;
    const request = this.#request;
    const status = handle.writeBuffer(request, bytes);
    if (status !== 0) {
      socket.destroy(new Error(`a write failed with ${status}`));
      return 'failed';
    }
    if (streamBaseState[kLastWriteWasAsync] === 0) return 'taken';
    this.#request = new WriteWrap();
    request.buffer = bytes;
    request.oncomplete = (after) => {
      if (after === 0) waiting.written();
      else socket.destroy(new Error(`a write failed with ${after}`));
    };
    return 'later';
  }
}

/** More than any system takes at once, so that the way by `later` is tried too. */
const TRIAL_BYTES = 16 * 1024 * 1024;
const TRIAL_MS = 2_000;

const pairOf = async (server: Server): Promise<readonly [Socket, Socket]> => {
  // Of its own, also where several processes share their ports.
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true });
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('there is no port');
  const near = connect(address.port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  return [near, far];
};

/** Writes a little and then a lot, and counts what comes. */
const isTrue = async (direct: DirectWrite, near: Socket, far: Socket): Promise<boolean> => {
  let came = 0;
  const all = new Promise<void>((resolve) => {
    near.on('data', (bytes) => {
      came += bytes.length;
      if (came >= TRIAL_BYTES + 3) resolve();
    });
  });
  if (!direct.canUse(far)) return false;
  const silent = { written: () => undefined };
  if (direct.write(far, Buffer.from('one'), silent) !== 'taken') return false;
  const written = new Promise<void>((resolve) => {
    if (direct.write(far, Buffer.alloc(TRIAL_BYTES), { written: resolve }) !== 'later') near.destroy();
  });
  await Promise.all([written, all]);
  return came === TRIAL_BYTES + 3;
};

/** The fast way to write, where Node's internals are as they are thought to be: tried on a pair of sockets. Undefined elsewhere. */
export const tryDirectWrite = async (): Promise<DirectWrite | undefined> => {
  const binding = bindingOf();
  if (binding === undefined) return undefined;
  const server = createServer();
  let pair: readonly Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const direct = new DirectWrite(binding);
    const [near, far] = await pairOf(server);
    pair = [near, far];
    const tooLong = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), TRIAL_MS);
      for (const socket of pair) socket.on('error', () => resolve(false)).on('close', () => resolve(false));
    });
    return (await Promise.race([isTrue(direct, near, far), tooLong])) ? direct : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    for (const socket of pair) socket.destroy();
    server.close();
  }
};
