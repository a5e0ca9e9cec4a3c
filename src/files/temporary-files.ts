// Files that are written beside the one they are to replace. Whoever ends in between, leaves them behind.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /\.json\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** @returns a name that nobody else uses. */
export function temporaryNameOf(path: string): string {
  return `${path}.${crypto.randomUUID()}.tmp`;
}

/**
 * Removes what was left behind in a folder. Never throws.
 *
 * @param age of what is removed at the least, in seconds: younger ones may be under way.
 */
export function removeTemporaryFiles(folder: string, age: number): void {
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder).filter((name) => NAME.test(name));
  } catch {
    // It is not there yet, or not for us.
  }
  for (const name of names) {
    const path = join(folder, name);
    try {
      if (statSync(path).mtimeMs <= Date.now() - age * 1000) {
        rmSync(path, { force: true });
      }
    } catch {
      // Whoever made it has removed it.
    }
  }
}
