import { written } from '../delivery/claimed.js';
import { readWaiting } from '../delivery/mailbox.js';
import { waitingFrame } from '../delivery/stored.js';
import { type Mail, type Ports, place, type Sent } from '../ports/index.js';
import type { LocalDirectory } from './local-directory.js';

export interface RoomPorts extends Pick<Ports, 'table' | 'clock' | 'ids' | 'gateway' | 'telemetry'> {
  readonly directory: LocalDirectory;
}

/**
 * The connections of one user on this node, and the place of the user's mailbox up to which they have been given what is
 * stored there. A gap is read from the mailbox, in order; a double is dropped.
 */
export class Room {
  readonly userId: string;
  readonly #ports: RoomPorts;
  /** The place up to which the hand-over of a connection went; undefined while it is under way. */
  readonly #connections = new Map<string, number | undefined>();
  /** Undefined until a hand-over has ended: what is stored meanwhile is found by it. */
  #given: number | undefined;
  /** Mail comes one after the other; undefined where nothing is being read. */
  #turn: Promise<unknown> | undefined;

  constructor(userId: string, ports: RoomPorts) {
    this.userId = userId;
    this.#ports = ports;
  }

  get isEmpty(): boolean {
    return this.#connections.size === 0;
  }

  /** No connection may be given anything: their tokens are expired. */
  get isResting(): boolean {
    const { directory } = this.#ports;
    for (const connectionId of this.#connections.keys()) {
      if (directory.get(connectionId)?.expired !== true) return false;
    }
    return true;
  }

  enter(connectionId: string): void {
    this.#connections.set(connectionId, undefined);
  }

  leave(connectionId: string): void {
    this.#connections.delete(connectionId);
  }

  has(connectionId: string): boolean {
    return this.#connections.has(connectionId);
  }

  handedOver(connectionId: string, after: number): void {
    if (!this.#connections.has(connectionId)) return;
    this.#connections.set(connectionId, after);
    this.#given ??= after;
  }

  /** True where a connection took it. */
  mail(mail: Mail): boolean | Promise<boolean> {
    if (this.#turn === undefined && this.#fits(mail)) return this.#give(mail);
    return this.#inTurn(async () => {
      await this.#read(mail.place - 1);
      return this.#give(mail);
    });
  }

  /** Gives what is stored and was never heard of. */
  look(): Promise<void> {
    return this.#inTurn(() => this.#read(Number.MAX_SAFE_INTEGER));
  }

  /** What waits nowhere: those in their hand-over get none. */
  copy(except: string, frame: Mail['frame']): void {
    const { directory } = this.#ports;
    const to = [...this.#connections.keys()].filter((id) => id !== except && directory.markOf(id) === undefined);
    this.#send(to, frame, 'copy');
  }

  #fits({ place: at }: Mail): boolean {
    return this.#given === undefined || at <= this.#given + 1;
  }

  #give(mail: Mail): boolean {
    const { ids, directory } = this.#ports;
    if (this.#given !== undefined) {
      if (mail.place <= this.#given) return false;
      this.#given = mail.place;
    }
    const mark = ids.next('mark');
    const to: string[] = [];
    for (const [connectionId, from] of this.#connections) {
      // One that is in its hand-over reads it from the mailbox, and reads once more because of the new mark.
      if (directory.remark(connectionId, mark)) continue;
      if (from !== undefined && from < mail.place) to.push(connectionId);
    }
    return this.#send(to, mail.frame, mail.kind);
  }

  #send(to: readonly string[], frame: Mail['frame'], kind: string): boolean {
    if (to.length === 0) return false;
    const { gateway, telemetry } = this.#ports;
    // The outboxes of a node answer at once.
    const { sent } = gateway.send(to, frame) as Sent;
    telemetry.count('deliveries', { kind }, sent);
    return sent > 0;
  }

  async #read(until: number): Promise<void> {
    const { table, clock, telemetry } = this.#ports;
    while (this.#given !== undefined && this.#given < until) {
      const page = await readWaiting(this.#ports, this.userId, place(this.#given));
      if (page.items.length > 0) await (await written(table)).flushed;
      for (const item of page.items) {
        if (item.place > until) return;
        telemetry.count('relayed', { what: 'mail-read' });
        this.#give({ place: item.place, frame: waitingFrame(item, clock.now()), kind: item.waiting.kind });
      }
      if (page.last === undefined) return;
      this.#given = Math.max(this.#given, Math.min(Number.parseInt(page.last, 10), until));
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = (this.#turn ?? Promise.resolve()).then(task);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turn = settled;
    void settled.then(() => {
      if (this.#turn === settled) this.#turn = undefined;
    });
    return turn;
  }
}
