import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

const STDERR = 2;

/** A logger of JSON lines, to stderr where nothing else is said. It is given neither tokens nor content to log. */
export const createLog = (level: string, destination: NodeJS.WritableStream | undefined): Logger =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination === undefined ? pino.destination({ dest: STDERR, sync: true }) : (destination as NodeJS.WriteStream),
  );
