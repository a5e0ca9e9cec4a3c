// The measurements: login rates by pgbench, whole processes by the clock, memory by /proc.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asServerUser } from '../test/support/as-server-user.ts';
import { run } from '../test/support/run.ts';
import { type BenchHost, type Method, readProcFigure } from './bench-host.ts';

/** Logs in as fast as it goes. @returns logins a second. */
export async function measureLogins(
  host: BenchHost,
  method: Method,
  clients: number,
  amount: { readonly seconds: number } | { readonly loginsPerClient: number },
): Promise<number> {
  const script = join(host.cluster.folder, 'nothing.sql');
  await writeFile(script, 'select 1;\n');
  const length =
    'seconds' in amount ? ['-T', String(amount.seconds)] : ['-t', String(amount.loginsPerClient)];
  const result = await run(
    join(host.cluster.binFolder, 'pgbench'),
    ['-n', '-C', '-f', script, '-c', String(clients), '-j', '2', ...length, 'postgres'],
    {
      env: {
        PGHOST: '127.0.0.1',
        PGPORT: String(host.cluster.port),
        PGUSER: method.role,
        PGPASSWORD: method.password,
        PGSSLMODE: 'disable',
        PGGSSENCMODE: 'disable',
      },
      hangLimit: 600_000,
    },
  );
  const [, rate] = /^tps = ([0-9.]+)/m.exec(result.stdout) ?? [];
  const [, failed] = /^number of failed transactions: ([0-9]+)/m.exec(result.stdout) ?? [];
  if (result.status !== 0 || rate === undefined || (failed !== undefined && failed !== '0')) {
    throw new Error(`pgbench as ${method.role}: ${result.stdout}${result.stderr}`);
  }
  return Number(rate);
}

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
  const login = { role: method.role, password: method.password };
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
