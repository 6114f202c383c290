import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Awaitable, Frame, Gateway } from '../ports/index.js';

/** The far end of a connection. */
export interface FarEnd {
  /** The texts that arrived, in order, once all that the gateway took has. */
  received(): Awaitable<readonly string[]>;
  /** The code it was closed with (4003, say), once all that the gateway took has arrived; undefined while it is open. */
  closedWith(): Awaitable<number | undefined>;
  /** Goes away, and resolves when the gateway knows. */
  drop(): Awaitable<void>;
}

export interface GatewaySubject {
  readonly gateway: Gateway;
  /** How many bytes of frames are held for a connection, about. */
  readonly heldBytes: number;
  connect(connectionId: string): Awaitable<FarEnd>;
  close?(): Awaitable<void>;
}

const plain = (n: number): Frame => ({ text: JSON.stringify({ plain: n }) });
const event = (offset: number, bytes = 0): Frame => ({
  text: JSON.stringify({ offset, pad: '.'.repeat(bytes) }),
  offset,
});
const offsetsIn = (texts: readonly string[]): number[] =>
  texts.flatMap((text) => (JSON.parse(text) as { offset?: number }).offset ?? []);
const plainsIn = (texts: readonly string[]): number[] =>
  texts.flatMap((text) => (JSON.parse(text) as { plain?: number }).plain ?? []);
const upTo = (n: number, from = 1): number[] => Array.from({ length: n - from + 1 }, (_, i) => from + i);

const everything: Gateway['capabilities'] = { closeCodes: true, hold: true, positions: true };

/** The laws of the Gateway port. `create` makes a gateway without connections, which has given out no event yet. */
export const gatewayContract = (
  name: string,
  create: () => Awaitable<GatewaySubject>,
  capabilities: Gateway['capabilities'] = everything,
): void => {
  describe(`Gateway, ${name}`, () => {
    let subject: GatewaySubject;
    let gateway: Gateway;
    beforeEach(async () => {
      subject = await create();
      gateway = subject.gateway;
    });
    afterEach(() => subject.close?.());

    const give = async (to: readonly string[], frame: Frame) => {
      const sent = await gateway.send(to, frame);
      if (frame.offset !== undefined) gateway.advance(frame.offset);
      return sent;
    };

    test('sends a run as it sends each of its frames, to who has nothing waiting and to who has', async () => {
      if (gateway.sendRun === undefined) return;
      const ends = [await subject.connect('a'), await subject.connect('b'), await subject.connect('c')];
      await give(['b'], plain(1));
      gateway.hold('c');
      const frames = upTo(20).map((offset) => event(offset));
      expect(gateway.sendRun(['a', 'b', 'c', 'gone'], frames)).toEqual({ sent: 3, queued: 0, gone: 1 });
      gateway.advance(20);
      await give(['a', 'b', 'c'], event(21));
      gateway.release('c', 5);
      const texts = await Promise.all(ends.map((end) => end.received()));
      expect(texts.map(offsetsIn)).toEqual([upTo(21), upTo(21), upTo(21, 6)]);
      expect(plainsIn(texts[1] as string[])).toEqual([1]);
    });

    test('says what it can', () => {
      expect(gateway.capabilities).toEqual(capabilities);
    });

    test('sends a frame to each that is named, and counts those who are gone', async () => {
      const [a, b] = [await subject.connect('a'), await subject.connect('b')];
      expect(await gateway.send(['a', 'b'], plain(1))).toEqual({ sent: 2, queued: 0, gone: 0 });
      expect(await gateway.send(new Set(['b', 'never']), plain(2))).toEqual({ sent: 1, queued: 0, gone: 1 });
      await a.drop();
      expect(await gateway.send(new Map([['a', 1]]).keys(), plain(3))).toEqual({ sent: 0, queued: 0, gone: 1 });
      expect(await gateway.send([], plain(4))).toEqual({ sent: 0, queued: 0, gone: 0 });
      expect(await b.received()).toEqual([plain(1).text, plain(2).text]);
    });

    test('keeps the order of frames per connection, whatever their kind and size', async () => {
      const ends = [await subject.connect('a'), await subject.connect('b')];
      const frames = upTo(200).map((n) => (n % 3 === 0 ? event(n, n % 7 === 0 ? 3_000 : 0) : plain(n)));
      const sending = frames.map((frame, i) => give(i % 5 === 0 ? ['b', 'a'] : ['a', 'b'], frame));
      await Promise.all(sending);
      for (const end of ends) expect(await end.received()).toEqual(frames.map(({ text }) => text));
    });

    test('carries any text', async () => {
      const end = await subject.connect('a');
      const texts = ['{"t":"é 😀 \u2028"}', `{"t":"${'x'.repeat(70_000)}"}`, `{"t":"${'€'.repeat(30_000)}"}`];
      for (const text of texts) await gateway.send(['a'], { text });
      expect(await end.received()).toEqual(texts);
    });

    test('takes one frame for many connections at many times', async () => {
      const frame = plain(1);
      const ends = await Promise.all(upTo(20).map((n) => subject.connect(`c${n}`)));
      await gateway.send(
        upTo(20).map((n) => `c${n}`),
        frame,
      );
      await gateway.send(['c1'], frame);
      for (const [i, end] of ends.entries()) expect(await end.received()).toHaveLength(i === 0 ? 2 : 1);
    });

    test('closes after what was given before, with the code, once', async () => {
      const [a, b] = [await subject.connect('a'), await subject.connect('b')];
      expect(await gateway.alive('a')).toBe(true);
      expect(await a.closedWith()).toBeUndefined();
      for (const n of upTo(50)) await gateway.send(['a'], plain(n));
      await gateway.close('a', { code: 4003 });
      await gateway.close('a', { code: 1012 });
      await gateway.close('never', { code: 4003 });
      expect(await gateway.alive('a')).toBe(false);
      expect(await gateway.alive('never')).toBe(false);
      expect(await gateway.send(['a', 'b'], plain(51))).toEqual({ sent: 1, queued: 0, gone: 1 });
      expect(plainsIn(await a.received())).toEqual(upTo(50));
      expect(await a.closedWith()).toBe(4003);
      expect(await b.received()).toEqual([plain(51).text]);
      await b.drop();
      expect(await gateway.alive('b')).toBe(false);
    });

    test('is not troubled by connections that are not there', async () => {
      gateway.hold('never');
      expect(gateway.release('never', 0)).toEqual({ released: true });
      const end = await subject.connect('a');
      gateway.hold('a');
      await end.drop();
      expect(await give(['a'], event(1))).toEqual({ sent: 0, queued: 0, gone: 1 });
      expect(gateway.release('a', 0)).toEqual({ released: true });
    });

    if (!capabilities.positions) {
      test('knows no positions', async () => {
        await subject.connect('a');
        gateway.advance(1);
        expect([gateway.position('a'), gateway.given()]).toEqual([undefined, undefined]);
      });
    } else {
      test('knows up to where a connection has been served', async () => {
        await subject.connect('a');
        expect(gateway.position('a')).toBe(0);
        gateway.advance(7);
        gateway.advance(5);
        await subject.connect('b');
        expect([gateway.position('a'), gateway.position('b')]).toEqual([7, 7]);
        await give(['a'], event(8));
        expect([gateway.position('a'), gateway.position('b'), gateway.given()]).toEqual([8, 8, 8]);
      });
    }

    if (!capabilities.hold) return;

    test('holds events, and nothing else, until they are released', async () => {
      const [a, b] = [await subject.connect('a'), await subject.connect('b')];
      await give(['a', 'b'], event(1));
      gateway.hold('a');
      expect(await give(['a', 'b'], event(2))).toEqual({ sent: 2, queued: 0, gone: 0 });
      await gateway.send(['a'], plain(1));
      await give(['a', 'b'], event(3));
      await give(['b'], event(4));
      expect(await a.received()).toEqual([event(1).text, plain(1).text]);
      expect(offsetsIn(await b.received())).toEqual([1, 2, 3, 4]);
      expect(gateway.release('a', 2)).toEqual({ released: true });
      await give(['a'], event(5));
      expect(await a.received()).toEqual([event(1).text, plain(1).text, event(3).text, event(5).text]);
      expect(gateway.release('a', 5)).toEqual({ released: true });
    });

    test('counts a connection as served up to where its hold began', async () => {
      if (!capabilities.positions) return;
      await subject.connect('a');
      await subject.connect('b');
      await give(['a'], event(1));
      gateway.hold('a');
      await give(['a'], event(2));
      gateway.hold('a');
      await give(['a'], event(3));
      expect([gateway.position('a'), gateway.position('b'), gateway.given()]).toEqual([1, 3, 3]);
      gateway.release('a', 2);
      expect(gateway.position('a')).toBe(1);
      gateway.release('a', 1);
      expect(gateway.position('a')).toBe(3);
    });

    test('nests holds: the last release lets out what lies past the lowest place of all', async () => {
      const end = await subject.connect('a');
      gateway.hold('a');
      await give(['a'], event(1));
      gateway.hold('a');
      await give(['a'], event(2));
      expect(gateway.release('a', 0)).toEqual({ released: true });
      expect(await end.received()).toEqual([]);
      // Who held first was served up to 0 only: what is past it must not be lost to the one who comes last.
      expect(gateway.release('a', 1)).toEqual({ released: true });
      expect(offsetsIn(await end.received())).toEqual([1, 2]);
      gateway.hold('a');
      await give(['a'], event(3));
      expect(gateway.release('a', 3)).toEqual({ released: true });
      expect(offsetsIn(await end.received())).toEqual([1, 2]);
    });

    test('says where the log must be read when more was held than its bound', async () => {
      const end = await subject.connect('a');
      await give(['a'], event(1));
      gateway.hold('a');
      const count = 16;
      for (const n of upTo(count, 2)) await give(['a'], event(n, subject.heldBytes / 4));
      const release = gateway.release('a', 1);
      expect(release).toEqual({ released: false, after: 1 });
      expect(offsetsIn(await end.received())).toEqual([1]);
      // Nothing past the release has been served yet, whatever was given out.
      if (capabilities.positions) expect([gateway.position('a'), gateway.given()]).toEqual([1, count]);
      // The hold began anew: what comes now is held, what is read from the log goes through.
      await give(['a'], event(count + 1));
      for (const n of upTo(count, 2)) await gateway.send(['a'], { text: event(n).text });
      expect(gateway.release('a', count)).toEqual({ released: true });
      expect(offsetsIn(await end.received())).toEqual(upTo(count + 1));
    });

    test('drops what is held where the log is to be read again', async () => {
      const end = await subject.connect('a');
      gateway.reread('a');
      gateway.hold('a');
      gateway.reread('a');
      await give(['a'], event(1));
      gateway.reread('a');
      gateway.reread('never');
      expect(gateway.release('a', 0)).toEqual({ released: false, after: 0 });
      expect(gateway.release('a', 1)).toEqual({ released: true });
      expect(await end.received()).toEqual([]);
    });

    test('loses and repeats no event over any holds and releases', async () => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.record({ event: fc.constantFrom(0, 0, 0.1, 0.4) }) },
        { weight: 2, arbitrary: fc.constant('plain' as const) },
        { weight: 2, arbitrary: fc.constant('hold' as const) },
        { weight: 2, arbitrary: fc.record({ release: fc.nat(3) }) },
      );
      let top = 0;
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          run += 1;
          const id = `c${run}`;
          const end = await subject.connect(id);
          const first = top + 1;
          let plains = 0;
          /** Up to where each hold's owner has read the log. */
          const holds: number[] = [];
          const release = async (nth: number): Promise<void> => {
            let [after] = holds.splice(nth % holds.length, 1) as [number];
            for (let next = gateway.release(id, after); !next.released; next = gateway.release(id, after)) {
              expect(holds).toEqual([]);
              for (const n of upTo(top, next.after + 1)) await gateway.send([id], { text: event(n).text });
              after = top;
            }
          };
          for (const step of steps) {
            if (step === 'plain') {
              plains += 1;
              await gateway.send([id], plain(plains));
            } else if (step === 'hold') {
              gateway.hold(id);
              holds.push(top);
            } else if ('event' in step) {
              top += 1;
              await give([id], event(top, Math.floor(subject.heldBytes * step.event)));
            } else if (holds.length > 0) await release(step.release);
          }
          while (holds.length > 0) await release(0);
          const texts = await end.received();
          expect(offsetsIn(texts)).toEqual(upTo(top, first));
          expect(plainsIn(texts)).toEqual(upTo(plains));
          await end.drop();
        }),
        { numRuns: 60 },
      );
    });
  });
};
