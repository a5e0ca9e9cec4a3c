// The key cache on disk: one file for each issuer entry, replaced as a whole.
//
// The keys in it decide who may log in, so a file that anybody but root, the daemon's user or the reader itself could
// have written is not used, and neither is a folder. An attempt that brought no keys never takes the place of keys: where
// there are none of its own source, it has a file beside them.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { readTrustedFile } from '../files/read-trusted-file.ts';
import { replaceFile } from '../files/replace-file.ts';
import { removeTemporaryFiles } from '../files/temporary-files.ts';
import { trustedOwners } from '../files/trusted-owners.ts';
import { parseJSONObject } from '../parse-json-object.ts';
import { formatKeyRecord, type KeyCache, type KeyRecord, parseKeyRecord } from './key-record.ts';
import { servesSource } from './key-source.ts';
import { MAX_DOCUMENT_VALUES } from './formats/parse-key-set.ts';

/** The daemon's cache; others may read it. */
export const SYSTEM_CACHE_FOLDER = '/var/cache/pgtoken';

const MAX_FILE_BYTES = 1024 * 1024;
/** The least age of a temporary file that nobody is about to rename any more, in seconds. */
const LEFT_BEHIND = 60;

/** Where a disk cache reads and writes. */
export interface DiskKeyCacheOptions {
  /** Read and written. Made when it is missing; undefined where there is none: then nothing is remembered. */
  readonly folder: string | undefined;
  /** Read as well; of two records the younger is used. */
  readonly sharedFolder?: string;
  /** Default: that of this host. */
  readonly clock?: Clock;
  /** Told why a record could not be written; default: nobody. */
  readonly onWriteError?: (error: unknown) => void;
}

/** Creates a {@link KeyCache} in a folder. Entry names are DNS labels, so that they can be file names. */
export function createDiskKeyCache(options: DiskKeyCacheOptions): KeyCache {
  const { folder, sharedFolder, onWriteError, clock = systemClock } = options;
  /** One from the future, after a clock was set back, is of no known age. */
  const rank = ({ fetchedAt }: KeyRecord): number => (fetchedAt > clock() ? -1 : fetchedAt);
  return {
    read(name, source) {
      const own = folder === undefined ? undefined : readFrom(folder, false, name, source);
      const shared =
        sharedFolder === undefined ? undefined : readFrom(sharedFolder, true, name, source);
      return [own, shared]
        .filter((record) => record !== undefined)
        .toSorted((a, b) => rank(b) - rank(a) || b.attemptedAt - a.attemptedAt)
        .at(0);
    },
    write(name, record) {
      const file = folder === undefined ? undefined : fileFor(folder, name, record);
      if (folder === undefined || file === undefined) {
        return;
      }
      try {
        replaceFile(file, formatKeyRecord(record));
        if (file === keyFile(folder, name)) {
          rmSync(attemptFile(folder, name), { force: true });
        }
        removeTemporaryFiles(folder, LEFT_BEHIND);
      } catch (error) {
        onWriteError?.(error);
      }
    },
  };
}

/** The file of an entry's keys. */
export function keyFile(folder: string, name: string): string {
  return join(folder, `${name}.json`);
}

/** The file of an attempt that brought no keys, where there were none of its source. */
export function attemptFile(folder: string, name: string): string {
  return join(folder, `${name}.attempt.json`);
}

/** Whether a record says only that there were no keys to be had; one whose keys were withdrawn says more. */
export function isAttempt(record: KeyRecord): boolean {
  return record.keySet.keys.length === 0 && record.fetchedAt === 0;
}

/** Where a record belongs; undefined where somebody else has written a better one meanwhile. */
function fileFor(folder: string, name: string, record: KeyRecord): string | undefined {
  if (isAttempt(record)) {
    return attemptFile(folder, name);
  }
  if (record.lastError !== undefined) {
    const there = readRecord(keyFile(folder, name), trustedOwners(folder, false));
    if (there !== undefined && there.keySet.keys.length > 0) {
      if (!servesSource(there.source, record.source)) {
        return attemptFile(folder, name);
      }
      if (there.fetchedAt > record.fetchedAt) {
        return undefined;
      }
    }
  }
  return keyFile(folder, name);
}

function readFrom(
  folder: string,
  isShared: boolean,
  name: string,
  source: string,
): KeyRecord | undefined {
  const owners = trustedOwners(folder, isShared);
  const keys = readRecord(keyFile(folder, name), owners);
  if (keys !== undefined && servesSource(keys.source, source)) {
    return { ...keys, source };
  }
  const attempt = readRecord(attemptFile(folder, name), owners);
  return attempt?.source === source ? attempt : undefined;
}

function readRecord(path: string, owners: ReadonlySet<number> | undefined): KeyRecord | undefined {
  if (owners === undefined) {
    return undefined;
  }
  const file = readTrustedFile(path, { maxBytes: MAX_FILE_BYTES, owners });
  if (!file.ok) {
    return undefined;
  }
  const document = parseJSONObject(Buffer.from(file.text), MAX_DOCUMENT_VALUES);
  return typeof document === 'string' ? undefined : parseKeyRecord(document);
}
