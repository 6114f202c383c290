import { createClient, type DealEvent, type Filters, type Lost } from '@aideals/client';
import WebSocket from 'ws';
import { UserError } from '../user-error.js';

export interface WatchOptions {
  readonly url: string;
  readonly token: () => Promise<string>;
  readonly topic: string;
  readonly filters: Filters;
  readonly since: string | undefined;
  /** Ends after so many events. */
  readonly count: number;
  readonly signal: AbortSignal;
}

export interface Watcher {
  readonly event: (event: DealEvent) => void;
  /** What one should know besides, in a line: gaps, lost connections. */
  readonly notice: (text: string) => void;
}

const FINAL: ReadonlySet<string> = new Set(['AUTHENTICATION_ERROR', 'AUTHORIZATION_ERROR']);
const REASONS: Readonly<Record<Lost['reason'], string>> = {
  retention: 'they are older than the server keeps events',
  epoch: 'the server’s log is another one than before',
  unknown: 'the server knows no such id yet',
};

const gapNotice = ({ reason, oldest }: Lost): string =>
  `events were missed: ${REASONS[reason]}${oldest === null ? '' : `; the oldest that is still there is ${oldest}`}`;

const inSeconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`;

/**
 * Hands on the events of a topic, over all reconnects, until it has had `count` of them or `signal` ends it. Rejects with a
 * UserError where the server refuses the token or the subscription.
 */
export const watch = async (options: WatchOptions, to: Watcher): Promise<void> => {
  const client = createClient({ url: options.url, token: options.token, WebSocket, connect: false });
  try {
    await new Promise<void>((resolve, reject) => {
      let seen = 0;
      let connectedOnce = false;
      const stop = (error: { readonly message: string }): void => reject(new UserError(error.message));

      if (options.signal.aborted) return resolve();
      options.signal.addEventListener('abort', () => resolve(), { once: true });

      client.on('connect', () => {
        if (connectedOnce) to.notice('connected again');
        connectedOnce = true;
      });
      client.on('state', (state) => {
        if (state.status === 'waiting') {
          // Why the first dial failed is being asked, and may end all this.
          if (!connectedOnce && state.attempt < 2) return;
          const why = state.closeCode === undefined ? 'no connection' : `no connection (${state.closeCode})`;
          to.notice(`${why}; again in ${inSeconds(state.retryInMs ?? 0)}`);
        } else if (state.status === 'closed') {
          stop(state.error ?? { message: `the server closed the connection for good (${state.closeCode})` });
        } else if (state.status === 'idle') client.connect();
      });
      client.on('error', (error) => {
        // Before the first connection it is the token that is wrong; later it may be a key that changes.
        if (!connectedOnce && FINAL.has(error.code)) stop(error);
        else to.notice(error.message);
      });

      const subscription = client.subscribe({
        topic: options.topic,
        filters: options.filters,
        ...(options.since === undefined ? {} : { lastEventId: options.since }),
      });
      subscription.on('deal', (event) => {
        if (seen >= options.count) return;
        seen++;
        to.event(event);
        if (seen === options.count) resolve();
      });
      subscription.on('gap', (lost) => to.notice(gapNotice(lost)));
      subscription.on('error', (error) => (subscription.state === 'ended' ? stop(error) : to.notice(error.message)));
    });
  } finally {
    await client.close();
  }
};
