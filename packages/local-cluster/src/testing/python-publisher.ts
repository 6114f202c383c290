import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('publish_message.py', import.meta.url));

export interface PythonPublish {
  readonly port: number | string;
  readonly password?: string;
  readonly channel: string;
  readonly type: string;
  /** How many, with the numbers 0, 1, … as `n` of their data. */
  readonly count: number;
}

/** Publishes with the client of Redis for Python, in Debian's version. */
export const publishWithPython = async (publish: PythonPublish): Promise<void> => {
  const { port, password = '', channel, type, count } = publish;
  const env = { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(port), REDIS_PASSWORD: password, REDIS_SSL: 'false' };
  await promisify(execFile)('/usr/bin/python3', [SCRIPT, channel, type, String(count)], { env });
};
