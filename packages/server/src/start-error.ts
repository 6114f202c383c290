/** Why a server cannot start: one line that names the setting and the fix. */
export class StartError extends Error {
  constructor(line: string, cause?: unknown) {
    super(line, { cause });
    this.name = 'StartError';
  }
}

const advice: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `PORT: ${port} is taken on ${host}; end what listens there, or choose another`,
  EACCES: (_, port) => `PORT: this user may not listen on ${port}; choose one above 1023`,
  EADDRNOTAVAIL: (host) => `HOST: ${host} is no address of this machine`,
  ENOTFOUND: (host) => `HOST: ${host} is unknown`,
  EAI_AGAIN: (host) => `HOST: ${host} cannot be looked up`,
};

/** A failure to listen, told as what to do about it; anything else as it is. */
export const listenError = (error: unknown, host: string, port: number): unknown => {
  const say = advice[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  return say === undefined ? error : new StartError(say(host, port), error);
};
