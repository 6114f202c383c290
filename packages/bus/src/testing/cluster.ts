import { freePort, type LocalRedis } from '@aideals/local-cluster';
import type { TestBench } from './redis.js';

const SLOTS = 16_384;
const OPTIONS = [
  '--cluster-enabled',
  'yes',
  '--cluster-node-timeout',
  '1000',
  '--cluster-replica-validity-factor',
  '0',
];

/** Asks again until it is so; each question is a way to the server and back. */
const untilSo = async (server: LocalRedis, words: [string, ...string[]], pattern: RegExp): Promise<string> => {
  for (;;) {
    const answer = String(await server.command(...words));
    if (pattern.test(answer)) return answer;
  }
};

/** A cluster of so many masters, which share the slots; the first of them has a replica, where that is wanted. */
export const startCluster = async (bench: TestBench, masters: number, withReplica = false): Promise<LocalRedis[]> => {
  const count = masters + (withReplica ? 1 : 0);
  const busPorts: number[] = [];
  for (let n = 0; n < count; n += 1) busPorts.push(await freePort());
  const servers = await Promise.all(
    busPorts.map((port) => bench.server({ args: [...OPTIONS, '--cluster-port', String(port)] })),
  );
  const first = servers[0] as LocalRedis;
  await Promise.all(
    servers.slice(0, masters).map((server, n) => {
      const [from, to] = [n, n + 1].map((edge) => Math.floor((edge * SLOTS) / masters)) as [number, number];
      return server.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1));
    }),
  );
  for (const server of servers.slice(1)) {
    await server.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(busPorts[0]));
  }
  const known = new RegExp(`cluster_known_nodes:${count}\\b`, 'u');
  for (const server of servers) await untilSo(server, ['CLUSTER', 'INFO'], known);
  if (withReplica) {
    const replica = servers.at(-1) as LocalRedis;
    await replica.command('CLUSTER', 'REPLICATE', String(await first.command('CLUSTER', 'MYID')));
    await untilSo(replica, ['INFO', 'replication'], /master_link_status:up/u);
    await untilSo(first, ['CLUSTER', 'SLOTS'], new RegExp(String(replica.port), 'u'));
  }
  for (const server of servers) await untilSo(server, ['CLUSTER', 'INFO'], /cluster_state:ok/u);
  return servers;
};
