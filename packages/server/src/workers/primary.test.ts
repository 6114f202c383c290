import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuiltWorkers } from '../testing/built-workers.js';
import type { TestClient } from '../testing/test-server.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const metric = (text: string, name: string): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);

describe('a server of several workers', () => {
  let served: BuiltWorkers;
  beforeEach(() => {
    served = new BuiltWorkers();
  });
  afterEach(() => served.stop());

  const metrics = async (): Promise<string> => (await served.call('/metrics')).text();

  it('replaces a worker that is killed; its connections resume at others, and nothing is lost or doubled', async () => {
    await served.start();
    const before = served.workers;
    expect(before).toHaveLength(2);
    interface Reader {
      client: TestClient;
      readonly ids: string[];
      readonly from: string;
    }
    const readers: Reader[] = [];
    for (const n of range(6)) {
      const client = await served.connect(`user-${n}`);
      const { data } = await client.ask('subscribeToDeals', { topic: 'new-deals' });
      readers.push({ client, ids: [], from: String(data['lastEventId']) });
    }
    const published: string[] = [];
    const publishing = (async () => {
      for (const n of range(40)) published.push((await served.publish({ n }, `key-${n}`)).id);
    })();
    await served.publish({ n: -1 }, 'first').then(({ id }) => published.push(id));
    process.kill(before[0] as number, 'SIGKILL');
    await served.logged('a worker died');
    await publishing;
    let resumed = 0;
    for (const reader of readers) {
      const { client } = reader;
      const last = published.at(-1);
      const take = (of: TestClient): void =>
        void reader.ids.push(
          ...of.heard.flatMap(({ id, type }) => (type === 'dealUpdate' && id !== undefined ? [id] : [])),
        );
      const all = async (of: TestClient): Promise<void> => void (await of.until(({ id }) => id === last));
      await all(client).catch(async () => {
        resumed += 1;
        take(client);
        client.heard.length = 0;
        reader.client = await served.connect(`again-${resumed}`);
        const { data } = await reader.client.ask('subscribeToDeals', {
          topic: 'new-deals',
          lastEventId: reader.ids.at(-1) ?? reader.from,
        });
        expect(data['recovered']).toBe(true);
        await reader.client.until(({ type }) => type === 'subscriptionRecovered');
      });
      take(reader.client);
      expect([...reader.ids].sort()).toEqual([...published].sort());
      expect(new Set(reader.ids).size).toBe(reader.ids.length);
    }
    expect(resumed).toBeGreaterThan(0);
    expect(resumed).toBeLessThan(readers.length);
    // Another one took its place, under its number.
    await served.logged('"msg":"ready"', 4);
    expect(served.workers).toHaveLength(2);
    expect(served.workers).not.toContain(before[0]);
    const counts = await metrics();
    expect(metric(counts, 'aideals_connections')).toBe(6);
  }, 120_000);

  it('answers for all of them at /metrics and to an administrator, whichever of them is asked', async () => {
    await served.start();
    const clients = await Promise.all(range(6).map(() => served.connect('alice')));
    for (const client of clients) await client.ask('subscribeToDeals', { topic: 'new-deals' });
    for (const n of range(5)) await served.publish({ n }, `key-${n}`);
    for (const client of clients) {
      await client.until(({ type, data }) => type === 'dealUpdate' && data['n'] === 4);
    }
    for (const _ of range(4)) {
      const text = await metrics();
      expect(metric(text, 'aideals_connections')).toBe(6);
      expect(metric(text, 'aideals_nodes')).toBe(2);
      expect(metric(text, 'aideals_log_given')).toBe(5);
      expect(metric(text, 'aideals_deliveries_total')).toBe(30);
      // One answer and five events for each.
      expect(metric(text, 'aideals_outbox_frames_total')).toBe(36);
      // Of the one store, not of each worker’s view of it.
      expect(metric(text, 'aideals_store_flushes_total')).toBeLessThan(60);
      const { items } = (await (await served.call('/v1/connections?userId=alice')).json()) as { items: object[] };
      expect(items).toHaveLength(6);
    }
    const [{ connectionId } = { connectionId: '' }] = (
      (await (await served.call('/v1/connections?userId=alice')).json()) as { items: { connectionId: string }[] }
    ).items;
    expect((await served.call(`/v1/connections/${connectionId}`, { method: 'DELETE' })).status).toBe(204);
    expect(await Promise.race(clients.map((client) => client.closed()))).toEqual([4003, expect.any(String)]);
  }, 120_000);

  it('counts connections over all of them', async () => {
    await served.start({ AIDEALS_MAX_CONNECTIONS: '6', AIDEALS_MAX_CONNECTIONS_PER_USER: '4' });
    const dialled = [];
    for (const _ of range(6)) dialled.push(await served.dial('alice'));
    expect(dialled.filter((client) => client !== undefined)).toHaveLength(4);
    for (const n of range(4)) dialled.push(await served.dial(`user-${n}`));
    expect(dialled.filter((client) => client !== undefined)).toHaveLength(6);
  }, 120_000);

  it('drains all of them when it is asked to end, and ends with 0', async () => {
    await served.start();
    const clients = await Promise.all(range(4).map((n) => served.connect(`user-${n}`)));
    const { workers } = served;
    served.signal('SIGTERM');
    for (const client of clients) {
      await client.until(({ type }) => type === 'goAway');
      expect(await client.closed()).toEqual([1012, 'restarting']);
    }
    expect(await served.exited).toBe(0);
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(served.lines.filter((line) => line.includes('"msg":"stopped"'))).toHaveLength(3);
  }, 120_000);

  it('gives up with one line where workers die of their start again and again, and lets the others drain', async () => {
    await served.start();
    const [doomed] = served.workers;
    // Where those that come later would find what they work on.
    rmSync(served.ownerSocket);
    process.kill(doomed as number, 'SIGKILL');
    expect(await served.exited).toBe(1);
    const died = served.lines.filter((line) => line.includes('a worker died'));
    const pauses = died.map((line) => (JSON.parse(line) as { againMs: number }).againMs);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses.at(-1)).toBeGreaterThan(pauses[0] as number);
    expect(served.lines.filter((line) => line.includes('before it was ready'))).toEqual([
      expect.stringMatching(/^aideals: a worker ended with 1 before it was ready; .* \(5 times in a row\)$/),
    ]);
  }, 120_000);

  it('ends, and does not wait for workers that cannot start for whatever reason', async () => {
    const fault = 'throw new RangeError("planted")';
    const code = `import net from "node:net"; if (process.env.WORKER_NUMBER) net.Server.prototype.listen = () => { ${fault}; };`;
    const plant = `--import=data:text/javascript,${encodeURIComponent(code)}`;
    await expect(served.start({ NODE_OPTIONS: plant })).rejects.toThrow('it ended with 1');
    expect(served.lines.filter((line) => line === 'aideals: planted')).toHaveLength(1);
    expect(served.lines.some((line) => line.startsWith('RangeError: planted'))).toBe(true);
  }, 60_000);

  it('that cannot listen says so in one line', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    await expect(served.start({ PORT: String(port) })).rejects.toThrow(`PORT: ${port} is taken`);
    expect(await served.exited).toBe(1);
    expect(served.lines.filter((line) => line.includes('is taken'))).toHaveLength(1);
    taken.close();
  }, 120_000);
});
