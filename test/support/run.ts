// Runs one command to its end, with everything a test needs to judge it. A command that does not end is killed together
// with its children and is an error: no test may wait for a hang.
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment; nothing of the test process gets in. Default: only PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Milliseconds until the command counts as hanging. Default 30,000. */
  readonly hangLimit?: number;
  /** Gets what the command says on standard error, as it comes. */
  readonly watch?: (text: string) => void;
}

export interface RunResult {
  /** The exit status, or undefined after a signal. */
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves whatever the exit status is; rejects when the command cannot be started or hangs. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...options.env },
    stdio: 'pipe',
    detached: true, // a process group of its own, which can be killed as a whole
  });

  const hangLimit = options.hangLimit ?? 30_000;
  const timer = setTimeout(() => {
    reject(new Error(`${command} did not end within ${hangLimit} ms`));
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has just ended by itself
    }
  }, hangLimit);

  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  if (options.watch !== undefined) child.stderr.on('data', options.watch);
  // Not every command reads its input to the end; that is for its exit status to tell.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');

  child.on('error', reject);
  child.on('close', (status, signal) => {
    resolve({ status: status ?? undefined, signal: signal ?? undefined, ...output });
  });
  return promise.finally(() => {
    clearTimeout(timer);
  });
}
