import { gatewayContract } from '@aideals/core/contract/gateway';
import { describe, expect, it } from 'vitest';
import { type GatewayOptions, managementGateway, OPENING_MS } from './gateway.js';
import type { ManagementApi, Posted } from './management-api.js';

const START = 1_764_039_600_000;

/** The management API over connections in memory, and a gateway before it whose time passes only in its pauses. */
const world = (change: Partial<GatewayOptions> = {}) => {
  let now = START;
  const inboxes = new Map<string, string[]>();
  const open = new Set<string>();
  const created = new Map<string, number>();
  const closed: string[] = [];
  const answers: (Posted | Error)[] = [];
  const faults: unknown[] = [];
  let posts = 0;
  let under = 0;
  let most = 0;
  const api: ManagementApi = {
    async post(id, data) {
      posts += 1;
      under += 1;
      most = Math.max(most, under);
      await Promise.resolve();
      under -= 1;
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return answer;
      if (!open.has(id)) return 'gone';
      inboxes.get(id)?.push(new TextDecoder().decode(data));
      return 'sent';
    },
    delete: async (id) => open.delete(id),
    isOpen: async (id) => open.has(id),
  };
  const gateway = managementGateway({
    api: () => api,
    clock: { now: () => now },
    createdAt: async (id) => created.get(id),
    closed: async (id) => {
      created.delete(id);
      closed.push(id);
    },
    pause: async (ms) => {
      now += ms;
    },
    deadline: () => Number.POSITIVE_INFINITY,
    chance: () => 0.5,
    fault: (error) => faults.push(error),
    ...change,
  });
  const connect = (id: string, at = START - OPENING_MS) => {
    open.add(id);
    created.set(id, at);
    inboxes.set(id, []);
  };
  return {
    ...{ gateway, connect, open, closed, answers, faults },
    inbox: (id: string) => inboxes.get(id) ?? [],
    counts: () => ({ posts, most }),
    passed: () => now - START,
  };
};

const isNotice = (text: string): boolean => text.includes('closeCode');

gatewayContract(
  'management API',
  () => {
    const { gateway, connect, open, inbox } = world();
    return {
      gateway,
      heldBytes: 0,
      connect(id) {
        connect(id);
        return {
          received: () => inbox(id).filter((text) => !isNotice(text)),
          closedWith: () => {
            const notice = inbox(id).find(isNotice);
            if (notice === undefined) return undefined;
            return (JSON.parse(notice) as { data: { details: { closeCode: number } } }).data.details.closeCode;
          },
          drop: () => void open.delete(id),
        };
      },
    };
  },
  { closeCodes: false, hold: false, positions: false },
);

describe('a connection that is not there', () => {
  it('is forgotten when it has been for long enough to have been open', async () => {
    const { gateway, connect, open, closed } = world();
    connect('old', START - OPENING_MS);
    connect('new', START - OPENING_MS + 1);
    open.clear();
    expect(await gateway.send(['old', 'new', 'unknown'], { text: '{}' })).toEqual({ sent: 0, queued: 0, gone: 3 });
    expect(closed).toEqual(['old', 'unknown']);
  });
});

describe('an API that is busy', () => {
  it('is asked again with growing pauses', async () => {
    const { gateway, connect, answers, inbox, passed } = world();
    connect('a');
    answers.push('busy', 'busy', 'busy');
    expect(await gateway.post('a', 'x')).toBe(true);
    expect(inbox('a')).toEqual(['x']);
    expect(passed()).toBe(50 + 100 + 200);
  });

  it('is given up before the invocation ends, and the row stays', async () => {
    const { gateway, connect, answers, closed } = world({ deadline: () => START + 120 });
    connect('a');
    answers.push('busy', 'busy', 'busy');
    await expect(gateway.post('a', 'x')).rejects.toThrow('in time');
    expect(closed).toEqual([]);
  });

  it('that fails for one of many serves the others', async () => {
    const { gateway, connect, answers, faults, open, closed } = world();
    for (const id of ['a', 'b', 'c']) connect(id);
    answers.push(new Error('no route to the host'));
    expect(await gateway.send(['a', 'b', 'c'], { text: '{}' })).toEqual({ sent: 2, queued: 0, gone: 1 });
    // Whoever did not get it must come back for it.
    expect([faults.length, closed, open.has('a')]).toEqual([1, ['a'], false]);
  });
});

describe('a connection that does not read', () => {
  it('is waited for once, and then asked once for each frame until it takes one', async () => {
    const { gateway, connect, answers, inbox, passed } = world();
    connect('a');
    answers.push('busy', 'busy', 'busy');
    expect(await gateway.deliver(['a'], { text: '1' }, 200)).toEqual({ sent: 0, gone: 0, missed: ['a'] });
    const waited = passed();
    expect(waited).toBeLessThanOrEqual(200);
    answers.push('busy');
    expect(await gateway.deliver(['a'], { text: '2' }, 200)).toMatchObject({ missed: ['a'] });
    expect(passed()).toBe(waited);
    expect(await gateway.deliver(['a'], { text: '3' }, 200)).toMatchObject({ sent: 1 });
    answers.push('busy');
    expect(await gateway.deliver(['a'], { text: '4' }, 200)).toMatchObject({ sent: 1 });
    expect(inbox('a')).toEqual(['3', '4']);
  });

  it('is told to come back before it is ended, and is not ended unless it takes that', async () => {
    const { gateway, connect, answers, inbox, open, closed } = world();
    connect('a');
    answers.push('busy');
    expect(await gateway.expel(['a'])).toEqual(['a']);
    expect([open.has('a'), closed]).toEqual([true, []]);
    expect(await gateway.expel(['a', 'gone'])).toEqual([]);
    expect([open.has('a'), closed]).toEqual([false, ['gone', 'a']]);
    expect(JSON.parse(inbox('a')[0] ?? '')).toMatchObject({ type: 'error', data: { details: { closeCode: 4008 } } });
  });
});

describe('a frame for many', () => {
  it('leaves no earlier one behind, though both are on their way', async () => {
    const { gateway, connect, inbox } = world();
    const ids = Array.from({ length: 300 }, (_, i) => `c${i}`);
    for (const id of ids) connect(id);
    await Promise.all(['1', '2', '3'].map((text) => gateway.send(ids, { text })));
    for (const id of ids) expect(inbox(id)).toEqual(['1', '2', '3']);
  });

  it('is posted to each once, to a bounded number at a time', async () => {
    const { gateway, connect, counts } = world();
    const ids = Array.from({ length: 1_000 }, (_, i) => `c${i}`);
    for (const id of ids) connect(id);
    expect(await gateway.send([...ids, ...ids], { text: '{}' })).toEqual({ sent: 1_000, queued: 0, gone: 0 });
    expect(counts()).toEqual({ posts: 1_000, most: 128 });
  });
});
