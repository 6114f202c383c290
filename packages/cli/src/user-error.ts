/** Something that whoever typed the command can put right: told in one line, without a stack. */
export class UserError extends Error {
  /** 1: it failed. 2: a setting or an option is wrong. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}

/** A wrong option or setting. */
export const wrongUse = (message: string): UserError => new UserError(message, 2);

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
