/** Who takes the words of a command. */
export interface Commander {
  sendCommand<T>(words: readonly (string | Buffer)[]): Promise<T>;
}

/** The way of commands to Redis, wherever their keys lie. */
export interface CommandLink {
  readonly isUp: boolean;
  /** Runs a command; whatever goes wrong with the connection is `RedisAway`. Errors that Redis answers stay what they are. */
  run<T>(command: (client: Commander) => Promise<T>): Promise<T>;
  /** Called each time that Redis is there again. */
  onUp(listener: () => void): void;
  close(): void;
}
