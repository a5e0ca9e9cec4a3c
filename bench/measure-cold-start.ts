// How long the first login takes after a daemon was started, with keys on disk and nothing in its memory.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asServerUser } from '../test/support/as-server-user.ts';
import { runChecked } from '../test/support/run-checked.ts';
import { socketActivator } from '../test/support/socket-activator.ts';
import { type BenchHost, serviceAsking } from './bench-host.ts';

/**
 * Starts daemons one after the other as systemd does, the socket first, and a login that waits in it. The files that a
 * daemon reads are in the kernel's page cache, as after a restart; after a boot the disk's time comes on top.
 *
 * @returns milliseconds from the start of each daemon to the end of the login.
 */
export async function measureColdStarts(
  host: BenchHost,
  times: number,
): Promise<readonly number[]> {
  const { installation, cluster } = host;
  const method = host.methods.find((one) => one.name === 'daemon');
  const [token] = (await method?.passwords(1)) ?? [];
  if (method === undefined || token === undefined) {
    throw new Error('there is no daemon to start');
  }
  const socket = join(installation.folder, 'run', 'cold.sock');
  await cluster.setPAMService('daemon', serviceAsking(installation, socket));
  const results: number[] = [];
  for (let n = 0; n < times; n += 1) {
    await rm(socket, { force: true });
    const [wrapper = '', ...rest] = socketActivator(socket);
    const start = performance.now();
    const daemon = spawn(
      'setpriv',
      asServerUser(wrapper, [
        ...rest,
        installation.command,
        'serve',
        '--config',
        installation.config,
        '--socket',
        socket,
        '--cache-dir',
        join(installation.folder, 'cache'),
      ]),
      { cwd: '/', env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = new Promise((resolve) => {
      daemon.once('exit', resolve);
    });
    try {
      // The socket is there before the daemon is.
      await new Promise<void>((resolve, reject) => {
        daemon.stdout.once('data', () => {
          resolve();
        });
        daemon.once('error', reject);
      });
      daemon.stdout.resume();
      const result = await cluster.psql({ role: method.role, password: token });
      if (result.status !== 0) {
        throw new Error(`the first login failed: ${result.stderr}`);
      }
      results.push(performance.now() - start);
    } finally {
      daemon.kill('SIGTERM');
      await ended;
    }
  }
  await cluster.setPAMService('daemon', serviceAsking(installation, host.daemon.socket));
  await runChecked('rm', ['-f', socket]);
  return results;
}
