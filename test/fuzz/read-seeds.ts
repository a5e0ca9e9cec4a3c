// Inputs to begin with, from files that are in the repository for another purpose.
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The content of the files that a pattern names, in the order of their names. */
export async function readSeeds(folder: string, pattern: string): Promise<Buffer[]> {
  const files = await Array.fromAsync(glob(pattern, { cwd: folder }));
  if (files.length === 0) throw new Error(`no ${pattern} in ${folder}`);
  return Promise.all(files.toSorted().map(async (file) => readFile(join(folder, file))));
}
