// Libraries that take the place of calls of the C library in a program under test (LD_PRELOAD).
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from './run-checked.ts';

/** Compiles `NAME.c` of this folder into another one. @returns the path of the library, which everybody may read. */
export async function compilePreload(name: string, folder: string): Promise<string> {
  const library = join(folder, `${name}.so`);
  const source = join(import.meta.dirname, `${name}.c`);
  await runChecked('gcc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, source]);
  await chmod(library, 0o755); // whatever the umask
  return library;
}
