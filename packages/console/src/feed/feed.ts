import {
  type AidealsError,
  type Client,
  type ClientState,
  compileFilters,
  type DealEvent,
  type Lost,
  type Matcher,
  type Subscription,
} from '@aideals/client';
import { canAsk, type FilterForm, filtersOf, topicOf } from '../filters/filter-form.js';
import { gapWords, wordsOf } from '../words.js';
import { type Deal, dealOf, MOST_DEALS, withNew } from './deal.js';

/** What the feed needs of a client. */
export type FeedClient = Pick<Client, 'state' | 'subscribe' | 'on' | 'connect' | 'close'>;

/** Everything that the page shows of the feed, at one moment. */
export interface FeedView {
  readonly connection: ClientState;
  /** What was asked for last. */
  readonly form: FilterForm;
  /** The server has confirmed that. */
  readonly applied: boolean;
  /** Those that match the present filters, newest first. */
  readonly deals: readonly Deal[];
  /** How many deals have arrived since the page was opened. */
  readonly received: number;
  readonly paused: boolean;
  /** How many wait behind the pause. */
  readonly held: number;
  /** Every category and topic that was seen. */
  readonly categories: readonly string[];
  readonly topics: readonly string[];
  readonly problem: string | undefined;
  readonly gap: string | undefined;
}

const union = (known: readonly string[], found: readonly (string | undefined)[]): readonly string[] => {
  const all = new Set(known);
  for (const name of found) if (name !== undefined) all.add(name);
  return all.size === known.length ? known : [...all].sort((a, b) => a.localeCompare(b));
};

/** The live list: one subscription that follows the form, and what it brought. */
export class Feed {
  readonly #client: FeedClient;
  readonly #later: (task: () => void) => void;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  readonly #subscription: Subscription;
  #matches: Matcher;
  #topic: string;
  #all: readonly Deal[] = [];
  /** Arrived and not yet shown: until the next frame of the screen, or the end of the pause. */
  #waiting: Deal[] = [];
  /** This machine's clock less the server's, in milliseconds. */
  #skew = 0;
  #planned = false;
  /** Counts what was asked for, and what of it the server has confirmed last. */
  #asked = 0;
  #confirmed = 0;
  #view: FeedView;

  /** `later` runs a task at the next frame of the screen: a burst is drawn once. */
  constructor(client: FeedClient, form: FilterForm, later: (task: () => void) => void, now: () => number = Date.now) {
    this.#client = client;
    this.#later = later;
    this.#now = now;
    const filters = filtersOf(form);
    this.#matches = compileFilters(filters);
    this.#topic = topicOf(form);
    this.#view = {
      connection: client.state,
      form,
      applied: false,
      deals: [],
      received: 0,
      paused: false,
      held: 0,
      categories: union([], form.categories),
      topics: [],
      problem: undefined,
      gap: undefined,
    };
    client.on('state', (connection) =>
      this.#change(connection.status === 'open' ? { connection, problem: undefined } : { connection }),
    );
    client.on('error', (error) => this.#fail(error));
    this.#subscription = client.subscribe({ topic: topicOf(form), filters }, (event) => this.#arrived(event));
    this.#subscription.on('error', (error) => this.#fail(error));
    this.#subscription.on('gap', (lost: Lost) => this.#change({ gap: gapWords(lost) }));
    this.#follow(this.#subscription.ready);
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): FeedView => this.#view;

  /** Asks for what the form says. Until the server has confirmed that, the former filters go on. */
  apply(form: FilterForm): void {
    if (!canAsk(form)) return;
    const filters = filtersOf(form);
    this.#matches = compileFilters(filters);
    this.#topic = topicOf(form);
    this.#change({
      form,
      applied: false,
      problem: undefined,
      categories: union(this.#view.categories, form.categories),
    });
    this.#follow(this.#subscription.update({ topic: topicOf(form), filters }));
    this.#show();
  }

  pause(paused: boolean): void {
    this.#change({ paused });
    if (!paused) this.#show();
  }

  clear(): void {
    this.#all = [];
    this.#waiting = [];
    this.#change({ gap: undefined, held: 0 });
    this.#show();
  }

  reconnect(): void {
    this.#client.connect();
  }

  close(): void {
    this.#listeners.clear();
    void this.#client.close();
  }

  #follow(settled: Promise<void>): void {
    this.#asked += 1;
    const number = this.#asked;
    settled.then(
      () => {
        this.#confirmed = Math.max(this.#confirmed, number);
        if (number === this.#asked) this.#change({ applied: true, problem: undefined });
      },
      // The error itself comes as an event.
      () => undefined,
    );
  }

  #arrived(event: DealEvent): void {
    const now = this.#now();
    const told = event.timestamp * 1000;
    if (event.replay === undefined) this.#skew = now - told;
    const arrivedAt = event.replay === undefined ? now : Math.min(now, told + this.#skew);
    this.#waiting.push({ ...dealOf(event, arrivedAt), matched: this.#confirmed });
    if (this.#waiting.length > MOST_DEALS * 2) this.#waiting = this.#waiting.slice(-MOST_DEALS);
    this.#view = { ...this.#view, received: this.#view.received + 1 };
    if (this.#planned) return;
    this.#planned = true;
    this.#later(() => {
      this.#planned = false;
      this.#show();
    });
  }

  /** What came for the present filters matches them, by whatever the server knows of it; of the rest the data decides. */
  #fits(deal: Deal): boolean {
    if (deal.matched === this.#asked) return true;
    return (this.#topic === 'all-deals' || deal.topic === this.#topic) && this.#matches(deal.attributes);
  }

  #show(): void {
    const found = {
      categories: union(
        this.#view.categories,
        this.#waiting.map((deal) => deal.category),
      ),
      topics: union(
        this.#view.topics,
        this.#waiting.map((deal) => deal.topic),
      ),
    };
    if (this.#view.paused) {
      const held = Math.min(MOST_DEALS, this.#waiting.filter((deal) => this.#fits(deal)).length);
      this.#change({ ...found, held });
      return;
    }
    this.#all = withNew(this.#all, this.#waiting);
    this.#waiting = [];
    this.#change({ ...found, held: 0, deals: this.#all.filter((deal) => this.#fits(deal)) });
  }

  #fail(error: AidealsError): void {
    this.#change({ problem: wordsOf(error) });
  }

  #change(part: Partial<FeedView>): void {
    this.#view = { ...this.#view, ...part };
    for (const listener of this.#listeners) listener();
  }
}
