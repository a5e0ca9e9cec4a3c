// Writes files that others may be reading.
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryNameOf } from './temporary-files.ts';
import { writeBeside } from './write-beside.ts';

/**
 * Replaces a file as a whole: a reader sees the old content or the new, whatever happens in between. Its folder is made
 * where there is none. Does not wait for the disk: after a loss of power the content may be gone, and whoever reads it must
 * do without it then.
 */
export function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = temporaryNameOf(path);
  const file = openSync(temporary, 'wx', 0o644);
  try {
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same for whoever has time: the content is on the disk before it takes the place of the old one, with mode 0644. */
export async function replaceFileDurably(path: string, text: string): Promise<void> {
  const temporary = await writeBeside(path, text);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
