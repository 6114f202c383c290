import type { Logger } from './log.js';

/** Each part that fails is told of once, and once when it works again, whoever asked for it. */
export const stateTo =
  (log: Logger) =>
  (part: string, failure: Error | undefined): void => {
    if (part === 'store') {
      if (failure === undefined) log.warn('the store can be written again');
      else log.error({ reason: failure.message }, 'the store cannot be written');
    } else if (failure === undefined) log.warn(`${part} can be reached again`);
    else log.error({ reason: failure.message }, `${part} cannot be reached`);
  };
