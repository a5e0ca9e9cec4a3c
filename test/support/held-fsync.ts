// A disk that hangs until it is told not to; see held_fsync.c.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from './run-checked.ts';

/** @returns what stands before a command, so that its fsync waits while a file is there. */
export async function withHeldFsync(folder: string, hold: string): Promise<readonly string[]> {
  const library = join(folder, 'held_fsync.so');
  const source = join(import.meta.dirname, 'held_fsync.c');
  await runChecked('gcc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, source]);
  await chmod(library, 0o755); // whatever the umask
  return ['env', `LD_PRELOAD=${library}`, `PGTOKEN_TEST_HOLD_FSYNC=${hold}`];
}
