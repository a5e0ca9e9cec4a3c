// A program whose wall clock stands still; see fixed_clock.c.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from './run-checked.ts';

/** Compiles what is preloaded into a folder. @returns its path. */
export async function compileFixedClock(folder: string): Promise<string> {
  const library = join(folder, 'fixed_clock.so');
  const source = join(import.meta.dirname, 'fixed_clock.c');
  await runChecked('gcc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, source]);
  await chmod(library, 0o755); // whatever the umask
  return library;
}

/** What stands before a command so that it runs at a time. @param now Unix time in seconds. */
export function withFixedClock(library: string, now: number): readonly string[] {
  return ['env', `LD_PRELOAD=${library}`, `PGTOKEN_TEST_CLOCK=${now}`];
}
