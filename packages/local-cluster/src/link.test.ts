import { afterEach, describe, expect, it } from 'vitest';
import { Link } from './link.js';
import { call, echo, hangUp } from './testing/echo.js';

const links: Link[] = [];

const linked = async () => {
  const server = await echo();
  const link = await Link.to(server);
  links.push(link);
  return { link, server };
};

afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
  await hangUp();
});

describe('a link', () => {
  it('carries bytes both ways, and ends one half at a time', async () => {
    const { link } = await linked();
    const caller = await call(link);
    caller.socket.write('one');
    await caller.received('one');
    caller.socket.end('two');
    await caller.received('onetwo');
    expect(await caller.over).toBe('end');
  });

  it('carries more than fits in its buffer, whole and in order', async () => {
    const { link } = await linked();
    const caller = await call(link);
    const text = Array.from({ length: 40_000 }, (_, i) => `${i} and then some words that take room; `).join('');
    link.slow(5);
    caller.socket.end(text);
    await caller.received(text);
    expect(await caller.over).toBe('end');
  });

  it('breaks what is on it when it is cut, lets nobody on, and lets them on again when it is mended', async () => {
    const { link } = await linked();
    const before = await call(link);
    before.socket.write('x');
    await before.received('x');
    link.cut();
    expect(await before.over).toBe('ECONNRESET');
    const during = await call(link);
    expect(await during.over).toBe('ECONNRESET');
    link.mend();
    const after = await call(link);
    after.socket.write('y');
    await after.received('y');
    expect(link.state).toBe('whole');
  });

  it('holds everything back while it is silent, and breaks nothing', async () => {
    const { link } = await linked();
    const caller = await call(link);
    const order: string[] = [];
    caller.socket.on('data', () => order.push('came'));
    link.silence();
    caller.socket.write('kept');
    const late = await call(link);
    late.socket.write('kept too');
    // Another link is through in the meantime.
    const other = await call((await linked()).link);
    other.socket.write('seen');
    await other.received('seen');
    order.push('mended');
    link.mend();
    await caller.received('kept');
    await late.received('kept too');
    expect(order).toEqual(['mended', 'came']);
  });

  it('takes its time while it is slow', async () => {
    const { link } = await linked();
    const caller = await call(link);
    link.slow(20);
    const began = performance.now();
    caller.socket.write('x');
    await caller.received('x');
    expect(performance.now() - began).toBeGreaterThanOrEqual(39);
  });

  it('breaks a connection whose far end is not there', async () => {
    const { link, server } = await linked();
    server.server.close();
    const caller = await call(link);
    expect(await caller.over).toBe('ECONNRESET');
    expect(link.connections).toBe(0);
  });
});
