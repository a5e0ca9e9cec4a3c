// What a single login costs: a whole process of mode=exec by the clock, a backend by /proc.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { asServerUser } from '../test/support/as-server-user.ts';
import type { BenchHost, Method } from './bench-host.ts';
import { readProcFigure } from './read-proc-figure.ts';

/**
 * Whole processes, one after the other and in turns, both as the server's user, whose key cache it is. The launcher is
 * part of what is measured.
 *
 * @returns milliseconds of each side.
 */
export async function measureExec(
  host: BenchHost,
  pairs: number,
): Promise<readonly { readonly node: number; readonly exec: number }[]> {
  const { installation } = host;
  const runtime = join(installation.folder, 'runtime', 'node');
  const results = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    results.push({
      node: await timeProcess(runtime, ['-e', '0'], ''),
      exec: await timeProcess(
        installation.command,
        ['pam', '--config', installation.config],
        host.token,
        { HOME: join(installation.folder, 'home') },
      ),
    });
  }
  return results;
}

/** @returns milliseconds from start to end of a process that must succeed. */
async function timeProcess(
  command: string,
  args: readonly string[],
  stdin: string,
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const start = performance.now();
  const child = spawn('setpriv', asServerUser(command, args), {
    env: {
      PATH: '/usr/bin:/bin',
      PAM_TYPE: 'auth',
      PAM_SERVICE: 'bench',
      PAM_USER: 'exec',
      ...env,
    },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with status ${String(status)}`);
  }
  return performance.now() - start;
}

/** What a backend holds after a login. */
export interface BackendFigures {
  readonly threads: number;
  /** Private memory in kB. */
  readonly privateKB: number;
}

/**
 * Logs in and looks at the backend's process, while another one that logged in the same way is there: pages of a library
 * that both have mapped are nobody's own.
 */
export async function measureBackend(host: BenchHost, method: Method): Promise<BackendFigures> {
  const [password = ''] = await method.passwords(1);
  const login = { role: method.role, password };
  const other = await host.cluster.connect(login);
  const client = await host.cluster.connect(login);
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const pid = rows[0]?.pid;
    if (pid === undefined) {
      throw new Error('no backend to look at');
    }
    await other.query('select pg_backend_pid()');
    const [threads, clean, dirty] = await Promise.all([
      readProcFigure(pid, 'status', 'Threads'),
      readProcFigure(pid, 'smaps_rollup', 'Private_Clean'),
      readProcFigure(pid, 'smaps_rollup', 'Private_Dirty'),
    ]);
    return { threads, privateKB: clean + dirty };
  } finally {
    await client.end();
    await other.end();
  }
}
