// What libpq makes of a .pgpass by its permissions.
import { formatMode } from '../../format-mode.ts';

/** Whether libpq passes over a file with these permissions, as group or others have any right on it. */
export function isIgnoredByLibpq(mode: number): boolean {
  return (mode & 0o077) !== 0;
}

/** What is said of a file that had other permissions than it gets. */
export function describeMode(before: number, mode: number): object {
  return {
    reason: `mode was ${formatMode(before)}, and is ${formatMode(mode)} now`,
    ...(isIgnoredByLibpq(before)
      ? { hint: 'libpq passes over a .pgpass on which group or others have any right.' }
      : {}),
  };
}
