// The file that is there while clients can log in, where one is asked for.
import type { ClientLog } from '../../client/client-log.ts';

/** @returns what makes and removes it; it is not there yet. */
export async function openReadyFile(path: string | undefined, log: ClientLog) {
  if (path === undefined) {
    return async () => undefined;
  }
  const { createReadyFile } = await import('../../client/health/ready-file.ts');
  const { set } = createReadyFile(path, log);
  // What a run before has left says nothing of this one.
  await set(false);
  return set;
}
