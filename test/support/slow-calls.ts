// A program whose disk and name server are slow when a test says so; see slow_calls.c.
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { compilePreload } from './compile-preload.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

/** Every name in this domain is asked for in vain, for half a minute. */
export const HANGING_DOMAIN = 'hangs.test';

export interface SlowCalls extends AsyncDisposable {
  /** What stands before the command. */
  readonly wrapper: readonly string[];
  /** From now on every fsync waits, until what this returns is called. */
  readonly slowDisk: () => Promise<() => Promise<void>>;
}

/** Compiles what is preloaded. */
export async function createSlowCalls(): Promise<SlowCalls> {
  const folder = await createTemporaryFolder('slow-calls');
  const library = await compilePreload('slow_calls', folder.path);
  const switches = join(folder.path, 'switches');
  await mkdir(switches);
  await chmod(switches, 0o755);
  return {
    wrapper: ['env', `LD_PRELOAD=${library}`, `PGTOKEN_TEST_FAULTS=${switches}`],
    slowDisk: async () => {
      const file = join(switches, 'slow-fsync');
      await writeFile(file, '');
      return async () => rm(file, { force: true });
    },
    [Symbol.asyncDispose]: folder.remove,
  };
}
