// The files of this host, read only and with every failure as a value.
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
  type Stats,
} from 'node:fs';
import { codeOf } from '../../code-of.ts';
import { describeFileError } from '../../describe-file-error.ts';
import type { FileAnswer, Files } from './host.ts';

const MAX_TEXT_BYTES = 1024 * 1024;

/** The file system as it is. */
export const hostFiles: Files = {
  status: (path) =>
    attempt(() => {
      const stats = statSync(path);
      return {
        kind: kindOf(stats),
        uid: stats.uid,
        gid: stats.gid,
        mode: stats.mode & 0o7777,
        modifiedAt: stats.mtimeMs / 1000,
        identity: `${stats.dev}:${stats.ino}`,
        links: stats.nlink,
      };
    }),
  readText: (path) => {
    const head = readHead(path, MAX_TEXT_BYTES + 1);
    if (!head.ok) {
      return head;
    }
    return head.value.length > MAX_TEXT_BYTES
      ? { ok: false, missing: false, reason: `over ${MAX_TEXT_BYTES} bytes` }
      : { ok: true, value: new TextDecoder().decode(head.value) };
  },
  readHead,
  list: (path) => {
    const names = attempt(() => readdirSync(path).toSorted());
    return names.ok ? names.value : [];
  },
  readLink: (path) => attempt(() => readlinkSync(path)),
};

function readHead(path: string, bytes: number): FileAnswer<Uint8Array> {
  return attempt(() => {
    // Non-blocking, so that a FIFO in its place cannot make us wait.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) {
        throw new Error('expected a regular file');
      }
      const buffer = Buffer.alloc(bytes);
      let length = 0;
      for (;;) {
        const count = readSync(file, buffer, length, bytes - length, null);
        length += count;
        if (count === 0 || length === bytes) {
          return buffer.subarray(0, length);
        }
      }
    } finally {
      closeSync(file);
    }
  });
}

function kindOf(stats: Stats): 'file' | 'folder' | 'socket' | 'other' {
  if (stats.isFile()) {
    return 'file';
  }
  if (stats.isDirectory()) {
    return 'folder';
  }
  return stats.isSocket() ? 'socket' : 'other';
}

function attempt<T>(read: () => T): FileAnswer<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    const code = codeOf(error);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    return { ok: false, missing, reason: describeFileError(error) };
  }
}
