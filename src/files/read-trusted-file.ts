// Reads a file whose content decides trust, and refuses one that somebody else could have written.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../code-of.ts';
import { describeFileError } from '../describe-file-error.ts';
import { formatMode } from '../format-mode.ts';
import { messageOf } from '../message-of.ts';

/** What is wrong with a file: it is not there, may not be read, could be another's, or is not what is read here. */
export type FileFault = 'missing' | 'unreadable' | 'untrusted' | 'unsupported';

/** The content of a file, or why it is not used. */
export type TrustedFile =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly fault: FileFault; readonly reason: string };

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
    return explainSystemError(error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      return failure('unsupported', 'expected a regular file');
    }
    if ((stat.mode & 0o022) !== 0) {
      return failure(
        'untrusted',
        `mode ${formatMode(stat.mode)} lets group or others write it; expected only its owner to (chmod go-w)`,
      );
    }
    if (!owners.has(stat.uid)) {
      return failure(
        'untrusted',
        `owned by user ID ${stat.uid}; expected ${[...owners].join(' or ')}`,
      );
    }
    const bytes = readAtMost(file, options.maxBytes, stat.size);
    return bytes === undefined
      ? failure('unsupported', `over ${options.maxBytes} bytes; expected at most that`)
      : { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    return explainSystemError(error);
  } finally {
    closeSync(file);
  }
}

/** @param expected as many bytes as the file is said to have, which may be wrong; there are hundreds of them at a reload. */
function readAtMost(file: number, maxBytes: number, expected: number): Buffer | undefined {
  let buffer = Buffer.alloc(Math.min(expected, maxBytes) + 1);
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
    if (length === buffer.length) {
      buffer = Buffer.concat([buffer], Math.min(2 * length, maxBytes) + 1);
    }
  }
}

function failure(fault: FileFault, reason: string): TrustedFile {
  return { ok: false, fault, reason };
}

/** Says what the operating system (or the decoder) answered, without a stack and without the path, which is known. */
function explainSystemError(error: unknown): TrustedFile {
  switch (codeOf(error)) {
    case 'ENOENT':
      return failure('missing', describeFileError(error));
    case 'EACCES':
      return failure('unreadable', describeFileError(error));
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return failure('unsupported', 'expected UTF-8');
    default:
      return failure('unsupported', messageOf(error));
  }
}
