// What belongs to the sources: what git knows, and what is new and not ignored.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { runChecked } from './run-checked.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Returns the files of the checkout as they are now, as paths relative to it. */
export async function listSources(): Promise<readonly string[]> {
  const options = ['--cached', '--others', '--exclude-standard', '-z'];
  const listed = await runChecked('git', ['-C', ROOT, 'ls-files', ...options]);
  // Also what was removed and not committed.
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}
