// Runs a command that takes minutes, and is told each line while it runs. It dies with this process.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface RunFollowedOptions {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Told each line of either output. */
  readonly onLine?: (line: string) => void;
}

/** Commands that download or compile end by themselves; this is for those that never do. */
const LIMIT = 3 * 60 * 60 * 1000;

/** @returns its standard output. Throws with the end of both outputs unless it exits 0. */
export async function runFollowed(
  command: string,
  args: readonly string[],
  { cwd, env, onLine }: RunFollowedOptions,
): Promise<string> {
  const child = spawn('setpriv', ['--pdeathsig=KILL', '--', command, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(LIMIT),
    killSignal: 'SIGKILL',
  });
  const stdout: string[] = [];
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      if (stream === child.stdout) stdout.push(line);
      lines.push(line);
      onLine?.(line);
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.on('error', reject);
  child.on('close', (status, signal) => {
    if (status === 0) resolve(stdout.join('\n'));
    else {
      const outcome = signal ?? `exit status ${status}`;
      reject(new Error(`${command} ${args.join(' ')}: ${outcome}\n${lines.slice(-30).join('\n')}`));
    }
  });
  return promise;
}
