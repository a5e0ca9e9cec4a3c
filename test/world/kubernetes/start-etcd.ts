// etcd for one API server, in a folder that goes away.
import { join } from 'node:path';

import { findFreePort } from '../../support/find-free-port.ts';
import { startProcess } from '../machine/start-process.ts';

export interface Etcd extends AsyncDisposable {
  readonly url: string;
}

/** @param command the program. */
export async function startEtcd(command: string, folder: string): Promise<Etcd> {
  const [client, peer] = [await findFreePort(), await findFreePort()].map(
    (port) => `http://127.0.0.1:${port}`,
  );
  const process = startProcess({
    command: [
      command,
      '--name=test',
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=test=${peer}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  });
  try {
    await process.until('an etcd that is healthy', async () =>
      fetch(`${client}/health`).then(
        async (response) => (await response.text()).includes('"health":"true"'),
        () => false,
      ),
    );
  } catch (error) {
    await process.stop();
    throw error;
  }
  return { url: client ?? '', [Symbol.asyncDispose]: process.stop };
}
