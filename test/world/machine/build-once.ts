// Makes something once: what has been made is kept under a name that holds all it depends on.
import { createHash } from 'node:crypto';
import { access, glob, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Progress } from './create-progress.ts';

export interface OnceOptions {
  /** What is made, such as `kubernetes-1.37.2`. */
  readonly name: string;
  /** Changes whenever anything that it depends on does. */
  readonly fingerprint: string;
  readonly cache: string;
  readonly progress: Progress;
  /** Makes it in this folder, which is moved afterwards. */
  readonly make: (folder: string) => Promise<void>;
}

/** @returns the folder with what was made. */
export async function buildOnce(options: OnceOptions): Promise<string> {
  const { name, fingerprint, cache, progress, make } = options;
  const folder = join(cache, 'built', `${name}-${fingerprint}`);
  if (await isThere(folder)) {
    progress.say(`${name}: built before, in ${folder}`);
    return folder;
  }
  // Beside its place, so that it comes there whole.
  const made = `${folder}.${process.pid}`;
  await mkdir(made, { recursive: true });
  try {
    await make(made);
    await removeOlder(name, join(cache, 'built'), made);
    // Somebody else may have built the same meanwhile.
    await rename(made, folder).catch(async (error: unknown) => {
      if (!(await isThere(folder))) throw error;
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return folder;
}

/** @returns a fingerprint of all files below a folder and of what else counts. */
export async function fingerprintOf(folder: string, also: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const entries = await Array.fromAsync(glob('**', { cwd: folder, withFileTypes: true }));
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.toSorted((a, b) => (a < b ? -1 : 1))) {
    hash.update(path.slice(folder.length)).update(await readFile(path));
  }
  return hash.update(JSON.stringify(also)).digest('hex').slice(0, 12);
}

/** What was built of other sources or by other tools is of no use any more. */
async function removeOlder(name: string, folder: string, but: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry);
    if (path !== but && new RegExp(`^${RegExp.escape(name)}-[0-9a-f]{12}$`).test(entry)) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
