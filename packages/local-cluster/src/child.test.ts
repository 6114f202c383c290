import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Child } from './child.js';

const children: Child[] = [];

const node = (code: string, env: Record<string, string> = {}): Child => {
  const child = new Child({ name: 'a child', command: [process.execPath, '-e', code], env });
  children.push(child);
  return child;
};

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});

const FOREVER = 'setInterval(() => {}, 1000)';

describe('a child', () => {
  it('keeps what it writes, and tells of a line when it comes', async () => {
    const child = node('console.log("up at 42"); console.error(process.env.NAME)', { NAME: 'of its own' });
    const [, port] = await child.seen(/up at (\d+)/u);
    expect(port).toBe('42');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect([...child.lines].sort()).toEqual(['of its own', 'up at 42']);
  });

  it('is given nothing of the surroundings but what a process needs', async () => {
    const child = node('console.log(JSON.stringify(Object.keys(process.env).sort()))');
    await child.exited;
    expect(JSON.parse(child.lines.join(''))).toEqual(['HOME', 'PATH']);
  });

  it('fails the wait for a line, with what it wrote, when it ends without', async () => {
    await expect(node('console.error("no room"); process.exit(3)').seen(/ready/u)).rejects.toThrow(
      /a child ended with 3, and has not said \/ready\/u:\nno room/u,
    );
  });

  it('fails the wait for a line when that takes too long', async () => {
    await expect(node(FOREVER).seen(/ready/u, 1)).rejects.toThrow(/was given 1 ms/u);
  });

  it('says so where the program is not there', async () => {
    const child = new Child({ name: 'nothing', command: ['/nowhere/at-all'] });
    await expect(child.seen(/x/u)).rejects.toThrow(/ENOENT/u);
    expect((await child.exited).code).toBe(127);
    expect(() => child.pid).toThrow(/was not started/u);
  });

  it('is killed also while it is stopped', async () => {
    const child = node(`console.log("up"); ${FOREVER}`);
    await child.seen(/up/u);
    child.signal('SIGSTOP');
    expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('is killed with what it started', async () => {
    const child = node(`
      const { spawn } = require("node:child_process");
      const own = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      console.log("started " + own.pid);
    `);
    await child.seen(/started \d+/u);
    // Resolves only when both are gone: they write to one pipe.
    expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('does not outlive its starter, though that is killed', async () => {
    const source = new URL('./child.ts', import.meta.url).href;
    const starter = new Child({
      name: 'a starter',
      command: [
        process.execPath,
        ...['--import', 'tsx', '--input-type=module', '-e'],
        `const { Child } = await import(${JSON.stringify(source)});
        const gone = new Child({ name: 'gone', command: [process.execPath, '-e', ''] });
        await gone.exited;
        // One that writes would end by that: nobody reads it.
        const own = new Child({
          name: 'own',
          command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
        });
        console.log('started ' + own.pid);
        setInterval(() => {}, 1000);`,
      ],
    });
    children.push(starter);
    const [, pid] = await starter.seen(/started (\d+)/u);
    process.kill(starter.pid, 'SIGKILL');
    const state = (): string | undefined => {
      try {
        return /^State:\s+(\w)/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      } catch {
        return undefined;
      }
    };
    // Gone, or dead and not yet taken note of by whoever inherits it.
    await vi.waitUntil(() => [undefined, 'Z', 'X'].includes(state()), { timeout: 10_000 });
  });

  it('ends in good order when asked, also out of a stop, and is killed where it does not', async () => {
    const good = node(`process.on("SIGTERM", () => process.exit(7)); console.log("up"); ${FOREVER}`);
    await good.seen(/up/u);
    good.signal('SIGSTOP');
    expect(await good.stop()).toEqual({ code: 7, signal: null });
    const deaf = node(`process.on("SIGTERM", () => {}); console.log("up"); ${FOREVER}`);
    await deaf.seen(/up/u);
    expect(await deaf.stop(1)).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
