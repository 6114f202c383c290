import type { JsonObject } from '@aideals/protocol';
import type { Request, Wire } from '../checker/trace.js';
import type { Link, Peer } from '../network.js';
import { tokenOf } from '../server/tokens.js';
import type { World } from '../world.js';
import { Cursors, type Stream } from './cursor.js';

/** A message that its sender wants to be sure of. */
export interface Draft {
  readonly data: JsonObject;
  confirmed: boolean;
}

export interface Mail {
  readonly kind: 'messageId' | 'notificationId';
  readonly id: string;
  readonly user: string;
}

interface Asked extends Request {
  readonly stream?: Stream;
  readonly draft?: Draft;
}

/** One client of a user: it dials, remembers what it wants, and comes back after each break. */
export class Device implements Peer {
  readonly user: string;
  readonly client: string | undefined;
  readonly streams = new Map<string, Stream>();
  readonly drafts: Draft[] = [];
  /** What it was handed and may acknowledge. */
  readonly inbox: Mail[] = [];
  readonly #world: World;
  #asked = new Map<string, Asked>();
  #cursors: Cursors | undefined;
  link: Link | undefined;
  isOpen = false;
  exp = 0;

  constructor(world: World, user: string, client: string | undefined) {
    this.#world = world;
    this.user = user;
    this.client = client;
  }

  dial(): void {
    const { life, scheduler, profile, random } = this.#world;
    if (life === undefined) return;
    const [least, most] = profile.tokens;
    this.exp = Math.floor(this.#world.now / 1000) + random.between(least, most);
    const { user, client, exp } = this;
    const link = this.#world.link(life, this, { user, client, exp, role: 'user' });
    this.link = link;
    scheduler.add(() => void life.open(link, tokenOf(user, exp), client), life);
  }

  leave(breaks: boolean): void {
    const { link } = this;
    if (link === undefined) return;
    link.leave(breaks);
    this.#world.see({ kind: 'closed', conn: link.id, code: undefined });
    this.closed(link);
  }

  /** Sends a frame, and now and then sends it twice. */
  ask(action: string, data: JsonObject, about: { stream?: Stream; draft?: Draft } = {}): void {
    const { link } = this;
    if (link === undefined || !this.isOpen) return;
    const requestId = this.#world.name('r');
    const request = { action, data, requestId };
    this.#asked.set(requestId, { ...request, ...about });
    const stream = about.stream === undefined ? {} : { stream: about.stream.name };
    const times = this.#world.random.chance(0.02) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.#world.see({ kind: 'sent', conn: link.id, request, ...stream });
      link.send(JSON.stringify(request));
    }
  }

  subscribe(stream: Stream): void {
    const { topic, filters, cursor } = stream;
    const data: JsonObject = topic === 'all-deals' && this.#world.random.chance(0.5) ? {} : { topic };
    if (Object.keys(filters).length > 0) data['filters'] = filters;
    if (cursor !== undefined) data['lastEventId'] = cursor;
    this.ask('subscribeToDeals', data, { stream });
  }

  accepted(link: Link): void {
    if (link !== this.link) return;
    this.isOpen = true;
    this.#asked = new Map();
    this.#cursors = new Cursors(() => this.streams.values());
    for (const stream of this.streams.values()) this.subscribe(stream);
  }

  closed(link: Link): void {
    if (link !== this.link) return;
    this.link = undefined;
    this.isOpen = false;
    for (const stream of this.streams.values()) {
      stream.subscriptionId = undefined;
      stream.replaying = false;
    }
  }

  received(link: Link, wire: Wire): void {
    if (link !== this.link) return;
    const asked = wire.requestId === undefined ? undefined : this.#asked.get(wire.requestId);
    if (asked !== undefined) this.#answered(asked, wire);
    this.#cursors?.received(wire);
    this.#note('messageId', wire.type === 'messageReceived' && wire.data['recipientId'] === this.user, wire);
    this.#note('notificationId', wire.type === 'notification', wire);
  }

  #note(kind: Mail['kind'], isMail: boolean, { data }: Wire): void {
    if (!isMail) return;
    const mail: Mail = { kind, id: data[kind] as string, user: this.user };
    this.inbox.push(mail);
    this.#world.mail.push(mail);
  }

  #answered({ stream, draft, data }: Asked, wire: Wire): void {
    if (wire.type === 'subscriptionConfirmed' && stream !== undefined) this.#cursors?.confirmed(stream, wire);
    else if (wire.type === 'subscriptionUpdated' && stream !== undefined) {
      // It became one with another.
      if (wire.data['ended'] === undefined) this.#cursors?.changed(stream, wire);
      else this.streams.delete(stream.name);
    } else if (wire.type === 'messageSent' && draft !== undefined) {
      draft.confirmed = true;
      const user = data['recipientId'] as string;
      this.#world.mail.push({ kind: 'messageId', id: wire.data['messageId'] as string, user });
    } else if (wire.type === 'tokenRefreshed') this.exp = wire.data['expiresAt'] as number;
    else if (wire.type === 'unsubscriptionConfirmed' && stream !== undefined) this.streams.delete(stream.name);
    // What was refused for a fault is asked for again at the next connection; an expired token ends this one anyway.
  }
}
