// Runs a command of the host for a look at something that only it knows. Bounded in time and output; whatever happens is
// a value.
import { execFile } from 'node:child_process';
import type { CommandResult } from './host.ts';

/** The longest that a command may take, in milliseconds. */
const TIMEOUT = 5000;
const MAX_OUTPUT_BYTES = 256 * 1024;

/** Runs a command, found along PATH and where administrators' commands are. */
export async function runCommand(command: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const path = [process.env['PATH'], '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
    const child = execFile(
      command,
      args,
      {
        cwd: '/',
        env: { PATH: path.filter((part) => part).join(':'), LC_ALL: 'C' },
        timeout: TIMEOUT,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve({ status: typeof code === 'number' ? code : undefined, stdout, stderr });
      },
    );
    child.stdin?.on('error', () => undefined).end();
  });
}
