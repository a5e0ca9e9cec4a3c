// The daemon's side of the key cache on disk. A disk may take seconds to answer, and no login waits for it: records are
// written by another thread, one after the other, each entry's newest one, and only when there is something new in it.
import { rm } from 'node:fs/promises';
import { replaceFileDurably } from '../files/replace-file.ts';
import { removeTemporaryFiles } from '../files/temporary-files.ts';
import { attemptFile, createDiskKeyCache, isAttempt, keyFile } from './disk-key-cache.ts';
import { formatKeyRecord, type KeyCache, type KeyRecord } from './key-record.ts';

/** A key cache whose records are written later. */
export interface KeyCacheWriter extends KeyCache {
  /** Resolves when all is written that was to be. */
  flush(): Promise<void>;
}

/** Where it writes. */
export interface KeyCacheWriterOptions {
  /** Written by nobody else. Made when it is missing; what was left behind in it by writes that never ended is removed. */
  readonly folder: string;
  /** Told why a record could not be written. */
  readonly onWriteError: (error: unknown) => void;
  /** Default: on the disk before it takes the place of the old one. */
  readonly replaceFile?: (path: string, text: string) => Promise<void>;
}

/**
 * Creates the key cache of the daemon.
 *
 * One write is under way at a time, of all entries together: each takes a thread of those that look up names and check
 * signatures, and a disk that hangs must not take them all.
 */
export function createKeyCacheWriter(options: KeyCacheWriterOptions): KeyCacheWriter {
  const { folder, onWriteError, replaceFile = replaceFileDurably } = options;
  const cache = createDiskKeyCache({ folder });
  removeTemporaryFiles(folder, 0);
  /** What was last written to each file, without what changes with each attempt. */
  const written = new Map<string, string>();
  /** What is to be written, by file. */
  const waiting = new Map<string, { readonly name: string; readonly text: string }>();
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    // A map also gives what was added meanwhile.
    for (const [path, { name, text }] of waiting) {
      waiting.delete(path);
      try {
        await replaceFile(path, text);
        if (path === keyFile(folder, name)) {
          written.delete(attemptFile(folder, name));
          await rm(attemptFile(folder, name), { force: true });
        }
      } catch (error) {
        written.delete(path);
        onWriteError(error);
      }
    }
    working = undefined;
  };

  return {
    read: (name, source) => cache.read(name, source),
    write(name, record) {
      const path = isAttempt(record) ? attemptFile(folder, name) : keyFile(folder, name);
      const lasting = formatKeyRecord(withoutTimes(record));
      if (written.get(path) !== lasting) {
        written.set(path, lasting);
        waiting.set(path, { name, text: formatKeyRecord(record) });
        working ??= work();
      }
    },
    async flush() {
      await working;
    },
  };
}

/** What a failed attempt changes each time says nothing to whoever reads the file. */
function withoutTimes(record: KeyRecord): KeyRecord {
  const { unknownKeyAt: _unknownKeyAt, nextRefreshAt: _nextRefreshAt, ...rest } = record;
  return { ...rest, attemptedAt: 0 };
}
