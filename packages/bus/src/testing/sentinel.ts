import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, freePort, type LocalRedis, requireProgram } from '@aideals/local-cluster';

/** A sentinel that watches a master; replicas it finds by itself. It wants no password of those who ask it. */
export const startSentinel = async (folder: string, name: string, master: LocalRedis) => {
  const port = await freePort();
  const file = join(folder, `sentinel-${port}.conf`);
  writeFileSync(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
      ...(master.password === undefined ? [] : [`sentinel auth-pass ${name} ${master.password}`]),
      `sentinel down-after-milliseconds ${name} 1000`,
      '',
    ].join('\n'),
  );
  const child = new Child({
    name: 'redis-sentinel',
    command: [await requireProgram('redis-server'), file, '--sentinel'],
  });
  await child.seen(/\+monitor master/u);
  return { port, child };
};
