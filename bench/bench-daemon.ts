// A daemon that is measured: started as the server's user, with its log in a file, and what /proc knows of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asServerUser, ownedByServerUser } from '../test/support/as-server-user.ts';
import { poll } from '../test/support/poll.ts';
import { runChecked } from '../test/support/run-checked.ts';
import type { StagedInstallation } from '../test/support/stage-installation.ts';
import { readProcFigure } from './read-proc-figure.ts';

/** A daemon and its figures. */
export interface BenchDaemon extends AsyncDisposable {
  readonly pid: number;
  readonly socket: string;
  /** Resident memory in MB. */
  readonly memory: () => Promise<number>;
  /** Processor time of all its threads since its start, in milliseconds. */
  readonly processorTime: () => Promise<number>;
  /** How often a line with this message is in its log. */
  readonly countLines: (message: string) => Promise<number>;
}

/** Starts the daemon of an installation and waits until it is ready. */
export async function startBenchDaemon(installation: StagedInstallation): Promise<BenchDaemon> {
  const { folder } = installation;
  for (const name of ['run', 'cache', 'runtime']) {
    await runChecked('install', ['-d', '-m', '0755', ...ownedByServerUser(), join(folder, name)]);
  }
  const socket = join(folder, 'run', 'pgtoken.sock');
  const cache = join(folder, 'cache');
  const args = ['serve', '--config', installation.config, '--socket', socket, '--cache-dir', cache];
  const path = join(folder, 'daemon.log');
  await using log = await open(path, 'a');
  const daemon = spawn('setpriv', asServerUser(installation.command, args), {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', RUNTIME_DIRECTORY: join(folder, 'runtime') },
    stdio: ['ignore', log.fd, log.fd],
  });
  await poll('the daemon to be ready', async () => {
    const output = await readFile(path, 'utf8');
    if (daemon.exitCode !== null) {
      throw new Error(`the daemon ended with status ${daemon.exitCode}: ${output}`);
    }
    return output.includes('"ready"') || undefined;
  });
  const { pid } = daemon;
  if (pid === undefined) {
    throw new Error('the daemon has no process ID');
  }
  return {
    pid,
    socket,
    memory: async () => (await readProcFigure(pid, 'status', 'VmRSS')) / 1024,
    processorTime: async () => processorTimeOf(pid),
    countLines: async (message) =>
      (await readFile(path, 'utf8')).split(`"msg":${JSON.stringify(message)}`).length - 1,
    [Symbol.asyncDispose]: async () => endDaemon(daemon),
  };
}

/**
 * Processor time of all threads that a process has now, in milliseconds: the first figure of /proc/PID/task/TID/schedstat is the
 * time that a thread ran, in nanoseconds.
 */
export async function processorTimeOf(pid: number): Promise<number> {
  let nanoseconds = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const [ran = ''] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ');
    nanoseconds += Number(ran);
  }
  return nanoseconds / 1e6;
}

async function endDaemon(daemon: ChildProcess): Promise<void> {
  daemon.kill('SIGTERM');
  await poll(
    'the end of the daemon',
    () => daemon.exitCode !== null || daemon.signalCode !== null || undefined,
  );
}
