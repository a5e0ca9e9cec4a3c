// A server of the host in a machine's network, which is apart from the host's; a Unix socket is in neither.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { firstLine, type Machine } from './machine.ts';

const RELAY = join(import.meta.dirname, 'relay.ts');

/** Lets the machine reach port `to` of the host's loopback interface as `port` of its own. */
export async function forwardPort(
  machine: Machine,
  port: number,
  to: number,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTemporaryFolder('forward'));
  const socket = join(folder.path, 'socket');
  const start = async (program: ChildProcess): Promise<void> => {
    stack.defer(() => {
      program.kill('SIGKILL');
    });
    await firstLine(program);
  };
  await start(
    spawn('setpriv', ['--pdeathsig=KILL', process.execPath, RELAY, socket, `${to}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  await start(machine.spawnInNetwork(process.execPath, [RELAY, `${port}`, socket]));
  return stack.move();
}
