// A Debian that runs: a root folder whose systemd is booted in namespaces of its own, with its own network that has the
// loopback interface alone. So packages are to be downloaded before it boots, and its ports are nobody else's.
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

import { poll } from '../../support/poll.ts';
import { runChecked } from '../../support/run-checked.ts';
import { run, type RunResult } from '../../support/run.ts';
import { INSTALL_LIMIT, makeRoot, type RootFolder, type Suite } from './root-folder.ts';

/** Units that would reach beyond the machine, or wait for hardware that it does not have. */
const MASKED = [
  'console-getty.service',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'getty-static.service',
  'getty.target',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-binfmt.service',
  'systemd-modules-load.service',
  'systemd-remount-fs.service',
  'systemd-sysctl.service',
  'systemd-udevd.service',
];

const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
  'DEBIAN_FRONTEND=noninteractive',
];

/** What every machine has: one root folder for all of them is made once for each release. */
const PACKAGES = ['systemd-sysv', 'ca-certificates', 'man-db'];

export interface MachineOptions {
  /** Names that lead to the machine itself. */
  readonly hosts?: readonly string[];
  /** Done in the root folder before it boots, with the host's network. */
  readonly prepare?: (root: RootFolder) => Promise<void>;
}

export interface Machine extends AsyncDisposable {
  /** Its root folder as the host sees it. */
  readonly root: string;
  /** Runs a script as root; resolves whatever its status is. */
  readonly run: (script: string, stdin?: string) => Promise<RunResult>;
  /** The same; returns standard output, throws unless it exits 0. */
  readonly sh: (script: string) => Promise<string>;
  /** Starts a program of the host in the machine's network; it ends with the test process. */
  readonly spawnInNetwork: (command: string, args: readonly string[]) => ChildProcess;
  readonly stop: () => Promise<void>;
}

/** Boots a clean system and waits until all its units have started. */
export async function bootMachine(suite: Suite, options: MachineOptions = {}): Promise<Machine> {
  const root = await makeRoot(suite, PACKAGES);
  const { path } = root;
  try {
    for (const unit of MASKED) await symlink('/dev/null', join(path, 'etc/systemd/system', unit));
    await rm(join(path, 'etc/hostname'), { force: true });
    await writeFile(join(path, 'etc/hosts'), '127.0.0.1 localhost\n');
    await options.prepare?.(root);
    await appendFile(
      join(path, 'etc/hosts'),
      (options.hosts ?? []).map((host) => `127.0.0.1 ${host}\n`).join(''),
    );
  } catch (error) {
    await root.remove();
    throw error;
  }

  const boot = spawn(join(import.meta.dirname, 'boot-machine.sh'), [path], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // Ctrl-C is for the program that owns it
  });
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  boot.on('close', () => resolve(undefined));
  const stop = async (): Promise<void> => {
    // It ends when its input does, also when this process dies without a word.
    boot.stdin.end();
    await ended;
    await root.remove();
  };

  const init = await firstLine(boot);
  const inside = [
    `--target=${init}`,
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--pid',
    '--',
    'env',
    '-i',
    ...ENVIRONMENT,
    'sh',
    '-c',
  ];
  const machine: Machine = {
    root: path,
    run: async (script, stdin = '') =>
      run('nsenter', [...inside, script], { stdin, hangLimit: INSTALL_LIMIT }),
    sh: async (script) => runChecked('nsenter', [...inside, script], { hangLimit: INSTALL_LIMIT }),
    spawnInNetwork: (command, args) =>
      spawn(
        'setpriv',
        ['--pdeathsig=KILL', 'nsenter', '--target', init, '--net', '--', command, ...args],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    stop,
    [Symbol.asyncDispose]: stop,
  };
  try {
    await poll('a system that has booted', async () => {
      const { stdout } = await machine.run('systemctl is-system-running');
      if (stdout === 'running\n') return true;
      if (stdout !== 'degraded\n') return undefined;
      const failed = await machine.run('systemctl --failed --no-legend; journalctl --no-pager');
      throw new Error(`units have failed at boot: ${failed.stdout}`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return machine;
}

/** Waits for the first line that a program writes. */
export async function firstLine(program: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  if (program.stdout === null) throw new Error('its output is not read');
  createInterface(program.stdout).once('line', resolve);
  program.once('error', reject);
  program.once('close', (status) => {
    reject(new Error(`${program.spawnargs.join(' ')} ended with ${status} and said nothing`));
  });
  return promise;
}
