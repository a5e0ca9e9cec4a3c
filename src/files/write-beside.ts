// What is written beside a file, to take its place or its name as a whole.
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryNameOf } from './temporary-files.ts';

/**
 * Writes a text onto the disk beside a path, with mode 0644 whatever the umask is. Its folder is made where there is none.
 *
 * @returns the path of what was written. Throws what the file system answers, and then leaves nothing behind.
 */
export async function writeBeside(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = temporaryNameOf(path);
  const file = await open(temporary, 'wx', 0o644);
  try {
    await file.writeFile(text);
    // By its descriptor: the name may be another file's by now, where others can write to the folder.
    await file.chmod(0o644);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return temporary;
}
