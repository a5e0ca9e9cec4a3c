// Logins that wait for PAM at this moment, seen from outside: what a test waits for before it lets something happen.
import { join } from 'node:path';

import { findProcesses } from './find-processes.ts';
import type { PostgresCluster } from './postgres-cluster.ts';

/** Returns how many backends of the server are amid authentication. */
export async function countWaitingBackends(cluster: PostgresCluster): Promise<number> {
  const data = join(cluster.folder, 'data');
  const [server] = await findProcesses(({ commandLine }) => commandLine.includes(data));
  const waiting = await findProcesses(
    ({ parent, commandLine }) =>
      parent === server?.pid && /^postgres: .* authentication$/.test(commandLine),
  );
  return waiting.length;
}
