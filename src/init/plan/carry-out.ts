// Carries a plan out: writes what is missing, and nothing else.
import { readFileSync } from 'node:fs';
import { createFile } from '../../files/create-file.ts';
import { replaceFileDurably } from '../../files/replace-file.ts';
import { readShippedText, SHIPPED_TEXTS } from '../shipped-texts.ts';
import { isToBeWritten, type PlannedFile } from './plan-files.ts';

/** What became of a file. */
export interface WrittenFile {
  readonly file: PlannedFile;
  readonly written: boolean;
}

/**
 * @returns what became of the files that were to be written; one that has come up in the meantime is not written. Throws what the
 * file system answers otherwise; what was written before stays.
 */
export async function carryOut(files: readonly PlannedFile[]): Promise<readonly WrittenFile[]> {
  const done: WrittenFile[] = [];
  // issuers.yaml last: the daemon takes it within a second, and with all that it names.
  for (const file of files.toReversed().filter(isToBeWritten)) {
    done.unshift({ file, written: await write(file) });
  }
  return done;
}

async function write({ path, text, state }: PlannedFile): Promise<boolean> {
  if (state === 'missing') {
    return createFile(path, text);
  }
  if (readFileSync(path, 'utf8') !== readShippedText(SHIPPED_TEXTS.emptyConfig)) {
    return false;
  }
  await replaceFileDurably(path, text);
  return true;
}
