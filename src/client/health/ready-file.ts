// A file that is there while clients can log in, for probes that can look at nothing else.
import { open, rm } from 'node:fs/promises';
import { codeOf } from '../../code-of.ts';
import type { ClientLog } from '../client-log.ts';

/** Makes and removes it, one after the other. */
export interface ReadyFile {
  /** Resolves when it is as it should be, or cannot be. */
  readonly set: (isReady: boolean) => Promise<void>;
}

/** Creates what makes it; what a run before has left is removed by the first `set(false)`. */
export function createReadyFile(path: string, log: ClientLog): ReadyFile {
  let queue = Promise.resolve();
  const apply = async (isReady: boolean): Promise<void> => {
    try {
      // Never through a link that somebody else has put there.
      await rm(path, { force: true });
      if (isReady) {
        await using file = await open(path, 'wx', 0o644);
        await file.writeFile('ready\n');
      }
    } catch (error) {
      log.error(
        { file: path, reason: codeOf(error) ?? 'an unknown error' },
        'the readiness file cannot be replaced',
      );
    }
  };
  return {
    async set(isReady) {
      queue = queue.then(async () => apply(isReady));
      return queue;
    },
  };
}
