import type { Bus, CloseNotice, Frame, Mail, UserRelay } from '../ports/index.js';
import { Room, type RoomPorts } from './room.js';
import { decodeUserMessage, encodeUserMessage, restChannel, type UserMessage, userChannel } from './user-message.js';

interface Held {
  readonly room: Room;
  readonly listener: (bytes: Uint8Array) => void;
  /** Where it listens, or is to. */
  channel: string;
  /** Resolves when the bus has answered. */
  ready: Promise<void>;
  /** The bus has confirmed that this node listens there. */
  isConfirmed: boolean;
}

type Unaddressed<M> = M extends unknown ? Omit<M, 'from'> : never;

/** How many mailboxes are read at once after the bus was away. */
const AT_ONCE = 16;
/** Closes that are asked for again when the bus is back. */
const MOST_CLOSES = 1_000;
/** Users whose other nodes are told to look when the bus is back. */
const MOST_UNTOLD = 100_000;
/** Conversations of which it is remembered how far they are in the mailbox. */
const MOST_CONVERSATIONS = 10_000;

/**
 * What is for a user, to all nodes where the user is connected: this one first, then over the bus. A node listens to the
 * channel of a user while the user is connected there, and not before the bus has confirmed it does anything go on.
 */
export class Mailroom implements UserRelay {
  readonly #nodeId: string;
  readonly #bus: Bus;
  readonly #ports: RoomPorts;
  readonly #held = new Map<string, Held>();
  readonly #leaving = new Map<string, Promise<void>>();
  /** Users whose channel the bus refused, or whose mailbox could not be read. */
  readonly #owed = new Set<string>();
  readonly #placed = new Map<string, number>();
  /** Users for whom something was stored of which the other nodes could not be told. */
  readonly #untold = new Set<string>();
  /** Closes that no one heard, by connection. */
  readonly #closes = new Map<string, { readonly userId: string; readonly notice: CloseNotice }>();

  constructor(nodeId: string, bus: Bus, ports: RoomPorts) {
    this.#nodeId = nodeId;
    this.#bus = bus;
    this.#ports = ports;
    bus.onReset(() => {
      this.lookAtAll();
      void this.look();
    });
  }

  /** Users with a connection here. */
  get users(): number {
    return this.#held.size;
  }

  /** Whether the other nodes know of everything that was stored here, or can find it by themselves. */
  get isAllTold(): boolean {
    return this.#untold.size === 0;
  }

  /** Each mailbox may hold what was never heard of here: they are looked at from the next `look` on. */
  lookAtAll(): void {
    for (const userId of this.#held.keys()) this.#owed.add(userId);
  }

  /** Resolves when what is sent to the user from now on is heard here, or when the bus is known to be away. */
  enter(userId: string, connectionId: string): Promise<void> {
    let held = this.#held.get(userId);
    if (held === undefined) {
      held = this.#hold(userId);
      this.#held.set(userId, held);
    }
    held.room.enter(connectionId);
    this.#follow(userId, held);
    return held.ready;
  }

  /**
   * To be called when a token has expired, or was renewed. While nothing may be given to any connection of the user here,
   * this node does not count as one that takes messages for the user.
   */
  tokensChanged(userId: string): void {
    const held = this.#held.get(userId);
    if (held !== undefined) this.#follow(userId, held);
  }

  leave(userId: string, connectionId: string): void {
    const held = this.#held.get(userId);
    if (held === undefined) return;
    held.room.leave(connectionId);
    if (!held.room.isEmpty) {
      this.#follow(userId, held);
      return;
    }
    this.#held.delete(userId);
    this.#owed.delete(userId);
    const left = held.ready
      .then(() => this.#bus.unsubscribe(held.channel, held.listener))
      .catch(() => undefined)
      .then(() => {
        if (this.#leaving.get(userId) === left) this.#leaving.delete(userId);
      });
    this.#leaving.set(userId, left);
  }

  handedOver(connectionId: string, after: string): void {
    const record = this.#ports.directory.get(connectionId);
    if (record === undefined) return;
    this.#held.get(record.userId)?.room.handedOver(connectionId, after === '' ? 0 : Number.parseInt(after, 10));
  }

  placing(conversation: string, sequence: number): void {
    this.#placed.delete(conversation);
    this.#placed.set(conversation, sequence);
    if (this.#placed.size <= MOST_CONVERSATIONS) return;
    for (const oldest of this.#placed.keys()) {
      this.#placed.delete(oldest);
      return;
    }
  }

  placed(conversation: string): number | undefined {
    return this.#placed.get(conversation);
  }

  async mail(userId: string, mail: Mail): Promise<boolean> {
    const held = this.#held.get(userId);
    const wasTaken = held === undefined ? false : await this.#give(held, mail);
    const reached = await this.#others(userId, { what: 'mail', ...mail });
    if (reached === undefined && this.#untold.size < MOST_UNTOLD) this.#untold.add(userId);
    return wasTaken || (reached ?? 0) > 0;
  }

  async copy(userId: string, except: string, frame: Frame): Promise<void> {
    this.#held.get(userId)?.room.copy(except, frame);
    await this.#others(userId, { what: 'copy', except, frame });
  }

  async post(userId: string, connectionId: string, frame: Frame): Promise<boolean> {
    if (this.#isHere(userId, connectionId)) return this.#post(connectionId, frame);
    return ((await this.#others(userId, { what: 'post', connectionId, frame })) ?? 0) > 0;
  }

  async close(userId: string, connectionId: string, notice: CloseNotice): Promise<boolean> {
    if (this.#isHere(userId, connectionId)) {
      await this.#ports.gateway.close(connectionId, notice);
      return true;
    }
    const reached = await this.#others(userId, { what: 'close', connectionId, notice });
    if (reached === undefined && this.#closes.size < MOST_CLOSES) this.#closes.set(connectionId, { userId, notice });
    return (reached ?? 0) > 0;
  }

  /** To be called every second, and when the bus is back: what could not be done is done. */
  async look(): Promise<void> {
    const owed = [...this.#owed];
    for (let at = 0; at < owed.length; at += AT_ONCE) {
      await Promise.all(owed.slice(at, at + AT_ONCE).map((userId) => this.#settle(userId)));
    }
    await this.#tell();
    const closes = [...this.#closes];
    this.#closes.clear();
    for (const [connectionId, { userId, notice }] of closes) await this.close(userId, connectionId, notice);
  }

  /** The first one shows whether the bus is back. */
  async #tell(): Promise<void> {
    for (const userId of this.#untold) {
      this.#untold.delete(userId);
      if ((await this.#others(userId, { what: 'look' })) !== undefined) continue;
      this.#untold.add(userId);
      return;
    }
  }

  async #settle(userId: string): Promise<void> {
    this.#owed.delete(userId);
    const held = this.#held.get(userId);
    if (held === undefined) return;
    if (!held.isConfirmed) {
      held.ready = this.#listen(userId, held);
      await held.ready;
      if (!held.isConfirmed) return;
    }
    await held.room.look().catch(() => this.#owed.add(userId));
  }

  #hold(userId: string): Held {
    const held: Held = {
      room: new Room(userId, this.#ports),
      channel: userChannel(userId),
      listener: (bytes) => this.#hear(held, bytes),
      ready: Promise.resolve(),
      isConfirmed: false,
    };
    held.ready = this.#listen(userId, held);
    return held;
  }

  async #listen(userId: string, held: Held): Promise<void> {
    try {
      await this.#leaving.get(userId);
      await this.#bus.subscribe(held.channel, held.listener);
      held.isConfirmed = true;
    } catch {
      this.#owed.add(userId);
    }
  }

  /** Listens where it is to, after all that is under way. */
  #follow(userId: string, held: Held): void {
    const wanted = (): string => (held.room.isResting ? restChannel(userId) : userChannel(userId));
    if (wanted() === held.channel) return;
    held.ready = held.ready.then(async () => {
      const [from, to] = [held.channel, wanted()];
      if (to === from) return;
      held.channel = to;
      held.isConfirmed = false;
      await this.#listen(userId, held);
      await Promise.resolve(this.#bus.unsubscribe(from, held.listener)).catch(() => undefined);
      // What was sent while nobody listened for it is in the mailbox.
      if (to === userChannel(userId)) this.#owed.add(userId);
    });
    void held.ready.then(() => (this.#owed.has(userId) ? this.#settle(userId) : undefined));
  }

  /** How many other nodes were reached; undefined where the bus is away. */
  async #others(userId: string, message: Unaddressed<UserMessage>): Promise<number | undefined> {
    const held = this.#held.get(userId);
    const own = held?.isConfirmed === true ? held.channel : undefined;
    const isForAll = message.what === 'close' || message.what === 'post';
    const channels = isForAll ? [userChannel(userId), restChannel(userId)] : [userChannel(userId)];
    try {
      const bytes = encodeUserMessage({ ...message, from: this.#nodeId } as UserMessage);
      const reached = await Promise.all(channels.map((channel) => this.#bus.publish(channel, bytes)));
      const isHeardHere = own !== undefined && channels.includes(own);
      return Math.max(
        0,
        reached.reduce((sum, nodes) => sum + nodes, isHeardHere ? -1 : 0),
      );
    } catch {
      return undefined;
    }
  }

  #hear(held: Held, bytes: Uint8Array): void {
    const message = decodeUserMessage(bytes);
    if (message === undefined) {
      this.#ports.telemetry.count('relayed', { what: 'foreign' });
      return;
    }
    if (message.from === this.#nodeId) return;
    switch (message.what) {
      case 'mail':
        this.#ports.telemetry.count('relayed', { what: 'mail' });
        void this.#give(held, message);
        return;
      case 'copy':
        held.room.copy(message.except, message.frame);
        return;
      case 'post':
        if (held.room.has(message.connectionId)) void this.#post(message.connectionId, message.frame);
        return;
      case 'close':
        if (held.room.has(message.connectionId)) void this.#ports.gateway.close(message.connectionId, message.notice);
        return;
      case 'look':
        this.#owed.add(held.room.userId);
        void this.#settle(held.room.userId);
    }
  }

  /** Where the mailbox cannot be read nothing is given out of order: it is looked at again. */
  async #give({ room }: Held, mail: Mail): Promise<boolean> {
    try {
      return await room.mail(mail);
    } catch {
      this.#owed.add(room.userId);
      return false;
    }
  }

  #isHere(userId: string, connectionId: string): boolean {
    return this.#held.get(userId)?.room.has(connectionId) === true;
  }

  async #post(connectionId: string, frame: Frame): Promise<boolean> {
    return (await this.#ports.gateway.send([connectionId], frame)).sent > 0;
  }
}
