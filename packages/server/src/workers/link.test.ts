import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { IdempotencyConflict } from '@aideals/core';
import { afterEach, describe, expect, it } from 'vitest';
import { Link, type Methods } from './link.js';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const pair = async (methods: Methods, told: (what: string, args: readonly unknown[]) => void = () => undefined) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  sockets.push(near, far);
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const owner: Link = new Link(far, { methods, told: () => undefined, ended: () => undefined });
  const worker = new Link(near, { methods: {}, told, ended: end });
  return { owner, worker, far, ended };
};

describe('a link', () => {
  it('carries calls and their answers, in order, bytes and all', async () => {
    const { worker } = await pair({ echo: (...args: unknown[]) => args });
    const answers = await Promise.all([1, 2, 3].map((n) => worker.call('echo', n, Uint8Array.of(n), undefined)));
    expect(answers).toEqual([1, 2, 3].map((n) => [n, Uint8Array.of(n), undefined]));
    const large = 'x'.repeat(3_000_000);
    expect(await worker.call('echo', large)).toEqual([large]);
  });

  it('carries what is wrong, under its name', async () => {
    const { worker } = await pair({
      conflict: () => {
        throw new IdempotencyConflict();
      },
      fault: () => Promise.reject(new TypeError('no')),
    });
    await expect(worker.call('conflict')).rejects.toBeInstanceOf(IdempotencyConflict);
    await expect(worker.call('fault')).rejects.toMatchObject({ name: 'TypeError', message: 'no' });
    await expect(worker.call('nothing')).rejects.toThrow('there is no nothing');
  });

  it('answers at the commit, and tells of the flush when it comes', async () => {
    let flush = (): void => undefined;
    const flushed = new Promise<void>((resolve) => {
      flush = resolve;
    });
    const { worker } = await pair({
      put: () => ({ stored: true, flushed }),
      lost: () => ({ stored: true, flushed: Promise.reject(new Error('the disk is full')) }),
    });
    const put = (await worker.call('put')) as { stored: boolean; flushed: Promise<void> };
    expect(put.stored).toBe(true);
    let isFlushed = false;
    void put.flushed.then(() => {
      isFlushed = true;
    });
    await worker.call('lost');
    expect(isFlushed).toBe(false);
    flush();
    await put.flushed;
    const lost = (await worker.call('lost')) as { flushed: Promise<void> };
    await expect(lost.flushed).rejects.toThrow('the disk is full');
  });

  it('keeps the order of what is told and what is answered', async () => {
    const seen: unknown[] = [];
    const { worker, owner } = await pair(
      {
        ask: () => {
          owner.tell('news', 1);
          return 2;
        },
      },
      (_, args) => seen.push(args[0]),
    );
    seen.push(await worker.call('ask'));
    expect(seen).toEqual([1, 2]);
  });

  it('rejects what waits when the other end is gone', async () => {
    const { worker, far, ended } = await pair({ never: () => new Promise(() => undefined) });
    const waiting = worker.call('never');
    setImmediate(() => far.destroy());
    await expect(waiting).rejects.toThrow('the owner of the store is gone');
    await ended;
    await expect(worker.call('never')).rejects.toThrow('the owner of the store is gone');
  });
});
