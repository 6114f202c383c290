import type { HttpAnswer, HttpOptions } from './http.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** A deployment that runs. Where it has several nodes, a signal is for all of them, and it has exited when all have. */
export interface Server {
  /** `http://host:port`. */
  readonly url: string;
  /** Signs tokens by HS256. */
  readonly secret: string;
  /** API keys by the scopes that they grant; none where the deployment's keys are not known. */
  readonly apiKeys: { readonly publish: string; readonly admin: string } | undefined;
  call(method: string, path: string, options?: HttpOptions): Promise<HttpAnswer>;
  /** Ends it and forgets what it stored. */
  stop(): Promise<void>;
  /** What only a server of our own lets us do. */
  readonly process: ServerProcess | undefined;
}

export interface ServerProcess {
  readonly port: number;
  /** Where the log lies: a copy that is put back, while nothing runs, is a backup that is restored. */
  readonly dataFolder: string;
  /** All that it has written to stdout and stderr so far. */
  output(): string;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** Resolves with the exit code when it is gone; null where a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** What a start that was meant to fail left behind. */
export interface FailedStart {
  readonly code: number | null;
  readonly output: string;
}

export interface Target {
  readonly name: string;
  readonly kind: 'self-hosted' | 'serverless';
  /** How many answer at its address: what one tells of its own connections is then not the whole. */
  readonly nodes: number;
  /** Whether what it stores lies in the data folder of one server. */
  readonly isEmbedded: boolean;
  /** Whether it can be started with settings of a test's own, stopped and killed. */
  readonly settable: boolean;
  start(env?: Env): Promise<Server>;
  /** Starts a server on the data folder and port of one that has exited. */
  revive(server: Server): Promise<Server>;
  /** Starts a server that should refuse to, and waits for its exit. */
  fail(env: Env): Promise<FailedStart>;
}
