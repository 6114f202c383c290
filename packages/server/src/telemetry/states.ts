import type { IntakeSummary } from '@aideals/bus';
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

/** What others published on Redis and was not taken, at most once a minute. */
export const intakeTo =
  (log: Logger) =>
  ({ broken, problem, late, lost, error }: IntakeSummary): void => {
    if (broken > 0) log.warn({ broken, problem }, 'messages that others published on Redis are no events: left out');
    if (late > 0)
      log.warn({ late }, 'messages that others published on Redis were heard too late to know who took them');
    if (lost > 0) log.error({ lost, err: error }, 'messages that others published on Redis were given up');
  };
