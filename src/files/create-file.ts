// Writes a file that is not there yet, and never one that is.
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../code-of.ts';
import { temporaryNameOf } from './temporary-files.ts';

/**
 * Creates a file as a whole, on the disk and with mode 0644 whatever the umask is. Its folder is made where there is none.
 *
 * @returns whether it was created; false where something of that name is there, which stays as it is. Throws what the file
 * system answers otherwise.
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = temporaryNameOf(path);
  const file = await open(temporary, 'wx', 0o644);
  try {
    try {
      await file.writeFile(text);
      // By its descriptor: the name may be another file's by now, where others can write to the folder.
      await file.chmod(0o644);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, this fails where there is one.
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
