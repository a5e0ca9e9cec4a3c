// Who may do what with a file, computed from owner, group and mode, along the whole path. Access lists and security
// modules are not seen here; the checks that matter try it for real as well where they can.
import { dirname } from 'node:path';
import type { Files, FileStatus } from './host.ts';
import type { Account } from './account.ts';

/** Read, write (also: connect to a socket), or execute (also: enter a folder). */
export type Access = 'read' | 'write' | 'execute';

const BITS: Readonly<Record<Access, number>> = { read: 4, write: 2, execute: 1 };

/** Whether owner, group and mode let an account do that. */
export function mayAccess(
  status: Pick<FileStatus, 'uid' | 'gid' | 'mode'>,
  account: { readonly uid: number; readonly gids: readonly number[] },
  access: Access,
): boolean {
  if (account.uid === 0) {
    return access !== 'execute' || (status.mode & 0o111) !== 0;
  }
  // The first class that fits decides, also where a later one would permit more.
  const shift = status.uid === account.uid ? 6 : account.gids.includes(status.gid) ? 3 : 0;
  return ((status.mode >> shift) & BITS[access]) !== 0;
}

/** Where on the way to a file an account is stopped. */
export interface Obstacle {
  readonly path: string;
  readonly status: FileStatus;
}

/** @returns the folder that the account may not enter, or the file itself; undefined when nothing stops it. */
export function findObstacle(
  path: string,
  account: Account,
  access: Access,
  files: Files,
): Obstacle | undefined {
  for (const folder of foldersAbove(path)) {
    const status = files.status(folder);
    if (status.ok && !mayAccess(status.value, account, 'execute')) {
      return { path: folder, status: status.value };
    }
  }
  const status = files.status(path);
  return status.ok && !mayAccess(status.value, account, access)
    ? { path, status: status.value }
    : undefined;
}

/** The folder in which somebody beside those trusted could put another file in place of this one. */
export function findLooseFolder(
  path: string,
  owners: ReadonlySet<number>,
  files: Files,
): Obstacle | undefined {
  const folders = foldersAbove(path);
  return folders
    .map((folder) => ({ path: folder, status: files.status(folder) }))
    .flatMap(({ path: folder, status }) =>
      status.ok ? [{ path: folder, status: status.value }] : [],
    )
    .find(({ path: folder, status }) => {
      // In a sticky folder nobody can replace what belongs to somebody else; but what is gone for a moment they can.
      const sticky = (status.mode & 0o1000) !== 0 && folder !== folders.at(-1);
      return !owners.has(status.uid) || ((status.mode & 0o022) !== 0 && !sticky);
    });
}

/** `/`, then each folder on the way, the one that holds the file last. */
function foldersAbove(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [...foldersAbove(above), above];
}
