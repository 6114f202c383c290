import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

const STDERR = 2;
/** What waits at most for a reader of the log that is slow, in bytes. */
const MOST_WAITING = 16 * 1_048_576;

/** Written beside the work: a reader of stderr that stands still keeps nobody waiting, and costs lines where it goes on. */
const toStderr = () => pino.destination({ dest: STDERR, sync: false, maxLength: MOST_WAITING });

/** A logger of JSON lines, to stderr where nothing else is said. It is given neither tokens nor content to log. */
export const createLog = (level: string, destination: NodeJS.WritableStream | undefined): Logger => {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (destination !== undefined) return pino(options, destination as NodeJS.WriteStream);
  const stderr = toStderr();
  const log = pino(options, stderr);
  let dropped = 0;
  stderr.on('drop', () => {
    dropped += 1;
  });
  stderr.on('drain', () => {
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    log.warn({ lines }, 'the log was not read for a while, and lines are missing');
  });
  return log;
};
