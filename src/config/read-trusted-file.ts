// Reads a file whose content decides trust, and refuses one that somebody else could have written.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf } from '../message-of.ts';

/** The content of a file, or why it is not used. */
export type TrustedFile =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly reason: string;
      /** It is not there, is not to be read or trusted, or is no text that could be used. */
      readonly fault: 'missing' | 'permission' | 'content';
    };

/** Who may own a file that is trusted. */
export interface TrustedFileOptions {
  /** The longest content that is read, in bytes. */
  readonly maxBytes: number;
  /** User IDs that may own the file; default: root and the user of this process. */
  readonly owners?: ReadonlySet<number>;
}

/**
 * Reads a text file, checking on the open file that only its owner may write it and that the owner is one of those
 * trusted. Follows symbolic links, as a mounted ConfigMap consists of them.
 *
 * Does not check the folders above it: an administrator who lets others write to /etc has lost already.
 *
 * @returns the text, or the reason why not; never throws for anything the file system may answer.
 */
export function readTrustedFile(path: string, options: TrustedFileOptions): TrustedFile {
  const owners = options.owners ?? new Set([0, process.geteuid?.() ?? 0]);
  let file: number;
  try {
    // Non-blocking, so that a FIFO in its place cannot make us wait.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return failure(explainSystemError(error), faultOf(error));
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      return failure('expected a regular file', 'content');
    }
    if ((stat.mode & 0o022) !== 0) {
      const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
      return failure(
        `mode ${mode} lets group or others write it; expected only its owner to (chmod go-w)`,
        'permission',
      );
    }
    if (!owners.has(stat.uid)) {
      return failure(
        `owned by user ID ${stat.uid}; expected ${[...owners].join(' or ')}`,
        'permission',
      );
    }
    const bytes = readAtMost(file, options.maxBytes);
    return bytes === undefined
      ? failure(`over ${options.maxBytes} bytes; expected at most that`, 'content')
      : { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    return failure(explainSystemError(error), 'content');
  } finally {
    closeSync(file);
  }
}

function readAtMost(file: number, maxBytes: number): Buffer | undefined {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (;;) {
    const count = readSync(file, buffer, length, buffer.length - length, null);
    length += count;
    if (length > maxBytes) {
      return undefined;
    }
    if (count === 0) {
      return buffer.subarray(0, length);
    }
  }
}

type Failure = Extract<TrustedFile, { ok: false }>;

function failure(reason: string, fault: Failure['fault']): Failure {
  return { ok: false, reason, fault };
}

function faultOf(error: unknown): Failure['fault'] {
  return hasCode(error, 'ENOENT') ? 'missing' : hasCode(error, 'EACCES') ? 'permission' : 'content';
}

/** Says what the operating system (or the decoder) answered, without a stack and without the path, which is known. */
function explainSystemError(error: unknown): string {
  if (hasCode(error, 'ENOENT')) {
    return 'no such file';
  }
  if (hasCode(error, 'EACCES')) {
    return `user ID ${process.geteuid?.() ?? '?'} may not read it`;
  }
  if (hasCode(error, 'ERR_ENCODING_INVALID_ENCODED_DATA')) {
    return 'expected UTF-8';
  }
  return messageOf(error);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
