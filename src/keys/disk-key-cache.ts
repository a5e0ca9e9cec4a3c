// The key cache on disk: one file for each issuer entry, replaced as a whole.
//
// The keys in it decide who may log in, so a file that anybody but root, the daemon's user or the reader itself could
// have written is not used, and neither is a folder.
import { join } from 'node:path';
import { readTrustedFile } from '../config/read-trusted-file.ts';
import { replaceFile } from '../config/replace-file.ts';
import { trustedOwners } from '../config/trusted-owners.ts';
import { parseJSONObject } from '../parse-json-object.ts';
import { formatKeyRecord, type KeyCache, type KeyRecord, parseKeyRecord } from './key-record.ts';
import { MAX_DOCUMENT_VALUES } from './parse-key-set.ts';

/** The daemon's cache; others may read it. */
export const SYSTEM_CACHE_FOLDER = '/var/cache/pgtoken';

const MAX_FILE_BYTES = 1024 * 1024;

/** Where a disk cache reads and writes. */
export interface DiskKeyCacheOptions {
  /** Read and written. Made when it is missing. */
  readonly folder: string;
  /** Read as well; of two records the younger is used. */
  readonly sharedFolder?: string;
  /** Told why a record could not be written; default: nobody. */
  readonly onWriteError?: (error: unknown) => void;
}

/** Creates a {@link KeyCache} in a folder. Entry names are DNS labels, so that they can be file names. */
export function createDiskKeyCache(options: DiskKeyCacheOptions): KeyCache {
  const { folder, sharedFolder, onWriteError } = options;
  return {
    read(name, source) {
      const own = readRecord(folder, name, trustedOwners(folder, false));
      const shared =
        sharedFolder === undefined
          ? undefined
          : readRecord(sharedFolder, name, trustedOwners(sharedFolder, true));
      return [own, shared]
        .filter((record) => record?.source === source)
        .toSorted((a, b) => (b?.fetchedAt ?? 0) - (a?.fetchedAt ?? 0))
        .at(0);
    },
    write(name, record) {
      try {
        replaceFile(join(folder, `${name}.json`), formatKeyRecord(record));
      } catch (error) {
        onWriteError?.(error);
      }
    },
  };
}

function readRecord(
  folder: string,
  name: string,
  owners: ReadonlySet<number> | undefined,
): KeyRecord | undefined {
  if (owners === undefined) {
    return undefined;
  }
  const file = readTrustedFile(join(folder, `${name}.json`), { maxBytes: MAX_FILE_BYTES, owners });
  if (!file.ok) {
    return undefined;
  }
  const document = parseJSONObject(Buffer.from(file.text), MAX_DOCUMENT_VALUES);
  return typeof document === 'string' ? undefined : parseKeyRecord(document);
}
