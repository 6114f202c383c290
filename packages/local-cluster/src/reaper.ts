import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ pid` and `- pid`; when its input ends, kills the groups of those that are left. A shell, since it must outlive a
 * starter that was killed, and cost nothing while it waits.
 */
const SCRIPT = `
left=" "
while read -r sign pid; do
  case "$sign" in
    +) left="$left$pid " ;;
    -) left="\${left%% $pid *} \${left#* $pid }" ;;
  esac
done
for pid in $left; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

let reaper: ChildProcess | undefined;

const tell = (line: string): void => {
  if (reaper === undefined) {
    reaper = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    // Where there is no shell, the ordinary end of this process still ends its children.
    reaper.on('error', () => undefined);
    reaper.stdin?.on('error', () => undefined);
    reaper.unref();
    const { stdin } = reaper;
    if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  }
  reaper.stdin?.write(`${line}\n`);
};

/** From now on the group of this process ends when ours does, however that comes about. */
export const bind = (pid: number): void => tell(`+ ${pid}`);

/** It has gone by itself: its number may be another's soon. */
export const release = (pid: number): void => tell(`- ${pid}`);
