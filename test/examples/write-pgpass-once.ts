// The container of myservice.yaml that keeps a .pgpass fresh, as it stands there, for one round and with files of a test.
import { posix } from 'node:path';

import { runPgtoken } from '../support/run-pgtoken.ts';
import type { RunResult } from '../support/run.ts';
import { at, listAt, readObject } from './read-manifests.ts';

/** Takes the token in `token` of a folder, and writes `pgpass` there. @param env over that of the container. */
export async function writePgpassOnce(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<RunResult> {
  const deployment = readObject('myservice.yaml', 'Deployment');
  const [container] = listAt(deployment, '/spec/template/spec/initContainers');
  const inFolder = (path: string): string => posix.join(folder, posix.basename(path));
  const args = listAt(container, '/args').map((one) =>
    one === '/var/run/secrets/tokens/postgres' ? posix.join(folder, 'token') : String(one),
  );
  const all: Record<string, string> = {};
  for (const one of listAt(container, '/env')) {
    all[String(at(one, '/name'))] = String(at(one, '/value'));
  }
  Object.assign(all, env);
  return runPgtoken([...args, '--once'], {
    env: { ...all, PGPASSFILE: inFolder(all['PGPASSFILE'] ?? '') },
  });
}
