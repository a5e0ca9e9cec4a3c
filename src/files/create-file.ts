// Writes a file that is not there yet, and never one that is.
import { link, rm } from 'node:fs/promises';
import { codeOf } from '../code-of.ts';
import { writeBeside } from './write-beside.ts';

/**
 * Creates a file as a whole, on the disk and with mode 0644 whatever the umask is. Its folder is made where there is none.
 *
 * @returns whether it was created; false where something of that name is there, which stays as it is. Throws what the file
 * system answers otherwise.
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  const temporary = await writeBeside(path, text);
  try {
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
