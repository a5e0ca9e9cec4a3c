// `pgtoken doctor` beside servers that were started before their user joined the socket's group: one of this host is a fault,
// one of another root or PID namespace is none of this host's business, although its user has the same number.
//
// What stands in for such a server is a program of that name, user and folder that sleeps.
import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fault, SERVICE, startExaminedHost, type ExaminedHost } from '../support/examined-host.ts';
import { findProcesses } from '../support/find-processes.ts';
import { poll } from '../support/poll.ts';
import { runChecked } from '../support/run-checked.ts';

const stack = new AsyncDisposableStack();
let host: ExaminedHost;
/** A root with the program, and the folder with its pg_hba.conf. */
let root: string;
let data: string;
/** The number of the server's user, which another root need not know by name. */
let user: string;

beforeAll(async () => {
  host = stack.use(await startExaminedHost());
  const hba = await host.newHBA(`hostssl all all all pam pamservice=${SERVICE}`);
  user = (await runChecked('id', ['-u', 'postgres'])).trim();
  data = dirname(hba);
  root = dirname(data);
  const libraries = (await runChecked('ldd', ['/bin/sleep'])).matchAll(/\/\S+/g);
  for (const path of ['/bin/sleep', ...[...libraries].map(([library]) => library)]) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await copyFile(path, join(root, path));
    await chmod(join(root, path), 0o755);
  }
  await copyFile('/bin/sleep', join(root, 'postgres'));
});

afterAll(async () => {
  await stack.disposeAsync();
});

const DIES_WITH_ITS_PARENT = '--pdeathsig=KILL';

const asServer = (): readonly string[] => [
  'setpriv',
  '--reuid=postgres',
  '--regid=nogroup',
  '--clear-groups',
  DIES_WITH_ITS_PARENT,
  '--',
  join(root, 'postgres'),
];

/** Starts what looks like a server. @param args that are not complete: for how long it sleeps comes last. */
async function startServer(
  args: readonly string[],
): Promise<AsyncDisposable & { readonly pid: number }> {
  const seconds = `${3600 + Math.floor(Math.random() * 1e6)}.5`;
  const child = spawn('setpriv', [DIES_WITH_ITS_PARENT, '--', ...args, seconds], {
    cwd: data,
    stdio: 'inherit',
  });
  const { pid } = await poll('the server that sleeps', async () => {
    const [found] = await findProcesses(({ commandLine }) =>
      new RegExp(`^\\S*/postgres ${seconds}$`).test(commandLine),
    );
    return found;
  });
  return {
    pid,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => {
        child.on('close', resolve);
      });
      process.kill(pid, 'SIGKILL');
      await closed;
    },
  };
}

const examine = async (): Promise<unknown> => {
  const { findings } = await host.examine({ hba: join(data, 'pg_hba.conf') });
  return findings
    .filter(({ topic }) => topic === 'socket')
    .map(({ topic: _topic, ...finding }) => finding);
};

describe('a server that does not know of the group', () => {
  it('is a fault where it is of this host', async () => {
    await using server = await startServer(asServer());
    expect(await examine()).toEqual([
      fault(
        'failure',
        'socket-groups',
        host.daemonHost.socket,
        `owner nobody, group postgres, mode 0660: user postgres may connect, but the server that runs (process ${server.pid}) was started before it was in that group`,
        'Restart PostgreSQL.',
      ),
    ]);
  });

  it.each<readonly [where: string, args: () => readonly string[]]>([
    [
      'in another root',
      () => ['chroot', `--userspec=${user}:65534`, '--groups=', root, '/postgres'],
    ],
    ['in another PID namespace', () => ['unshare', '--pid', '--fork', '--', ...asServer()]],
  ])('is none %s', async (_where, args) => {
    await using _server = await startServer(args());
    expect(await examine()).toMatchObject([{ level: 'ok' }]);
  });
});
