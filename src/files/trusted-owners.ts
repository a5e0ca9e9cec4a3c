// Whose files in a folder of remembered things may be believed.
import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Whose files in a folder may be used.
 *
 * @param shared whether the folder may belong to another user, the daemon's; that is only believed of a folder in one
 * that root alone may write.
 * @returns undefined when the folder itself could have been written by somebody else, or is missing.
 */
export function trustedOwners(folder: string, shared: boolean): ReadonlySet<number> | undefined {
  const trusted = new Set([0, process.geteuid?.() ?? 0]);
  try {
    const stat = lstatSync(folder);
    if (!stat.isDirectory() || (stat.mode & 0o022) !== 0) {
      return undefined;
    }
    if (shared) {
      const parent = lstatSync(dirname(folder));
      if (parent.uid !== 0 || !parent.isDirectory() || (parent.mode & 0o022) !== 0) {
        return undefined;
      }
      trusted.add(stat.uid);
    }
    return trusted.has(stat.uid) ? trusted : undefined;
  } catch {
    return undefined;
  }
}
