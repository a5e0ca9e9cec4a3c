// Reads and replaces the .pgpass: as a whole, with its content on the disk first, and never one that is not ours to replace.
import type { Stats } from 'node:fs';
import { constants, type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../code-of.ts';
import { messageOf } from '../../message-of.ts';
import { fault, type TokenFault } from '../token/client-token.ts';

/** What is used of the file system, so that a test can have one that is full. */
export interface Files {
  readonly lstat: (path: string) => Promise<Stats>;
  readonly open: (path: string, flags: string | number, mode?: number) => Promise<FileHandle>;
  readonly readdir: (folder: string) => Promise<string[]>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly rm: (path: string, options: { readonly force: true }) => Promise<void>;
}

/** That of this host. */
export const SYSTEM_FILES: Files = { lstat, open, readdir, rename, rm };

/** A .pgpass as it is. */
export interface PgpassFile {
  readonly ok: true;
  /** One character for each byte; empty where there is no file. */
  readonly text: string;
  /** Its permissions; undefined where there is none. */
  readonly mode: number | undefined;
}

/** Larger ones are no .pgpass. */
const MAX_BYTES = 1024 * 1024;
/** What a run that was killed has left behind. */
const TEMPORARY = /^\.[0-9]+-[0-9a-z]+\.pgtoken$/;

/** Reads it. @returns the file, or why it must not be replaced. Never rejects. */
export async function readPgpass(
  path: string,
  files: Files = SYSTEM_FILES,
): Promise<PgpassFile | TokenFault> {
  try {
    const found = await files.lstat(path);
    if (!found.isFile()) {
      const kind = found.isSymbolicLink()
        ? 'a symbolic link'
        : found.isDirectory()
          ? 'a folder'
          : 'a device, pipe or socket';
      return fault(
        `it is ${kind}; expected a regular file, or none`,
        found.isSymbolicLink()
          ? 'Name the file that it leads to, or remove the link.'
          : 'Name a file in a folder that this user may write.',
      );
    }
    const own = process.geteuid?.() ?? 0;
    if (found.uid !== own) {
      return fault(
        `it belongs to user ID ${found.uid}; expected ${own}, as which this runs`,
        'Run pgtoken pgpass as the owner, or remove the file: it is made again.',
      );
    }
    // Not through a link that has taken its place since.
    await using file = await files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if (found.size > MAX_BYTES) {
      return fault(`it has ${found.size} bytes; expected a .pgpass of at most ${MAX_BYTES}`);
    }
    return { ok: true, text: await file.readFile('latin1'), mode: found.mode & 0o7777 };
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? { ok: true, text: '', mode: undefined }
      : explain(path, error);
  }
}

/**
 * Replaces it, with these permissions. A reader has the old content or the new one, also one that has it open.
 *
 * @param text one character for each byte.
 * @returns undefined once it is there; otherwise it is as it was. Never rejects.
 */
export async function writePgpass(
  path: string,
  text: string,
  mode: number,
  files: Files = SYSTEM_FILES,
): Promise<TokenFault | undefined> {
  const temporary = temporaryNameOf(path);
  try {
    // Nobody else may read it at any time; what the umask has taken away is given after.
    const file = await files.open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text, 'latin1');
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
    return undefined;
  } catch (error) {
    await files.rm(temporary, { force: true }).catch(() => undefined);
    return explain(path, error);
  }
}

/** Removes what a run before this one has left beside it when it was killed: there are tokens in it. Never rejects. */
export async function removeLeftovers(path: string, files: Files = SYSTEM_FILES): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  const names = await files.readdir(folder).catch(() => []);
  const left = names.filter(
    (one) => one.startsWith(name) && TEMPORARY.test(one.slice(name.length)),
  );
  for (const one of left) {
    await files.rm(join(folder, one), { force: true }).catch(() => undefined);
  }
}

/** Nobody guesses it before it is made, and who does has not won: it must not be there. Cryptography would take 4 MB. */
function temporaryNameOf(path: string): string {
  return `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.pgtoken`;
}

function explain(path: string, error: unknown): TokenFault {
  const code = codeOf(error);
  const user = `user ID ${process.geteuid?.() ?? '?'}`;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return fault(
        `there is no folder ${dirname(path)}`,
        'Make it, or mount it, for the user that this runs as.',
      );
    case 'EACCES':
    case 'EPERM':
      return fault(
        `${user} may not replace it, which takes the right to write its folder (${code})`,
        'Name a file in a folder of this user; in Kubernetes an emptyDir, whose group is fsGroup.',
      );
    case 'EROFS':
      return fault('its file system is mounted read-only (EROFS)', 'Name a file on another one.');
    case 'EBUSY':
      return fault(
        'it is mounted by itself, and cannot be replaced (EBUSY)',
        'Mount the folder that it is in.',
      );
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return fault(
        `there is no room for it (${code}); the one from before is kept`,
        'Make room: a line has as many bytes as its token, and while it is replaced there are two.',
      );
    default:
      return fault(code === undefined ? messageOf(error) : `the file system answers ${code}`);
  }
}
