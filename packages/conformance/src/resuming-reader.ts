import type { JsonObject, ServerFrame } from '@aideals/protocol';
import type { Session } from './session.js';

/** A small seeded generator of whole numbers: a failing run names its seed, and runs again the same. */
export const random = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

const split = (id: string): { epoch: string; offset: number } => {
  const at = id.lastIndexOf('-');
  return { epoch: id.slice(0, at), offset: Number(id.slice(at + 1)) };
};

/** Whether an id is newer than a cursor; another epoch counts as newer. */
const newer = (id: string, than: string): boolean => {
  const [a, b] = [split(id), split(than)];
  return a.epoch !== b.epoch || a.offset > b.offset;
};

/** One subscription and the cursor that a client keeps for it (rule LOG-13). */
export class Cursor {
  readonly data: JsonObject;
  position: string | undefined;
  #subscriptionId: string | undefined;
  #replaying = false;

  /** Whether what was missed is still on its way. */
  get isReplaying(): boolean {
    return this.#replaying;
  }

  constructor(data: JsonObject) {
    this.data = data;
  }

  /** Subscribes from the cursor on. Frames that came before the confirmation stay in the inbox. */
  async subscribe(session: Session): Promise<ServerFrame> {
    const { position } = this;
    this.#subscriptionId = undefined;
    const asked = session.send('subscribeToDeals', {
      ...this.data,
      ...(position === undefined ? {} : { lastEventId: position }),
    });
    // Looked at where it lies: it must not be taken out before the frames that came earlier.
    const confirmed = await session.until(
      () => session.inbox.find((frame) => frame.requestId === asked),
      'the confirmation',
    );
    if (confirmed.type === 'error') throw new Error(`not subscribed: ${JSON.stringify(confirmed.data)}`);
    this.#subscriptionId = String(confirmed.data['subscriptionId']);
    this.#replaying = position !== undefined;
    this.position ??= String(confirmed.data['lastEventId']);
    return confirmed;
  }

  /** Takes note of a frame of the connection. */
  follow(frame: ServerFrame): void {
    if (frame.type === 'subscriptionRecovered') {
      if (frame.data['subscriptionId'] !== this.#subscriptionId) return;
      this.#replaying = false;
      this.position = String(frame.data['lastEventId']);
    } else if (frame.replay !== undefined) {
      if (frame.replay === this.#subscriptionId) this.position = frame.id;
    } else if (!this.#replaying) {
      const id = frame.id ?? frame.lastEventId;
      if (id !== undefined && this.position !== undefined && newer(id, this.position)) this.position = id;
    }
  }
}
