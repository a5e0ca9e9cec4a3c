// What is remembered of an issuer's keys between logins: the keys, where they came from, and when.
import { isJSONObject, type JSONObject } from '../parse-json-object.ts';
import {
  createKeySet,
  type KeySet,
  type LeftOutKey,
  parseKeySet,
} from './formats/parse-key-set.ts';

/** The keys of one issuer entry as they were last retrieved. */
export interface KeyRecord {
  /** Where the keys came from (`formatKeySource`); a record is only used for a source that it serves. */
  readonly source: string;
  /** When they were retrieved, Unix time in seconds; 0 when they never were, and there are none. */
  readonly fetchedAt: number;
  /** When a retrieval was last attempted, successful or not, Unix time in seconds. */
  readonly attemptedAt: number;
  /** When a retrieval was last made for a key that was wanted and not there, Unix time in seconds. */
  readonly unknownKeyAt?: number | undefined;
  /** Why that attempt failed, when it did. */
  readonly lastError?: string | undefined;
  /** What to do about it, where that is known. */
  readonly lastHint?: string | undefined;
  /** Whether the issuer has answered 401 or 403 since the keys were retrieved. */
  readonly unauthorized?: true | undefined;
  /** When the daemon means to retrieve them again, Unix time in seconds. */
  readonly nextRefreshAt?: number | undefined;
  /** The entity tag of the key set. */
  readonly etag?: string | undefined;
  readonly keySet: KeySet;
}

/** Remembers one record for each issuer entry, by the entry's name. */
export interface KeyCache {
  /** @returns the record, under the source that is asked for, or undefined when there is none that may be used. Never throws. */
  read(name: string, source: string): KeyRecord | undefined;
  /** Remembers a record. Never throws: without a cache everything works, only slower. */
  write(name: string, record: KeyRecord): void;
}

/** 1: of pgtoken 0.1, which left out keys that are usable now. */
const VERSION = 2;
const READABLE: readonly unknown[] = [1, VERSION];

/** Writes a record as the JSON text of a cache file. */
export function formatKeyRecord(record: KeyRecord): string {
  const { keySet, ...rest } = record;
  const { keys, leftOut } = keySet;
  return `${JSON.stringify({ version: VERSION, ...rest, keys, leftOut })}\n`;
}

/** Reads a record back; a cache file is checked like anything from outside. @returns undefined when it is none. */
export function parseKeyRecord(document: JSONObject): KeyRecord | undefined {
  const { version, source, lastError, lastHint, unauthorized, etag } = document;
  const fetchedAt = readTime(document['fetchedAt']);
  const attemptedAt = readTime(document['attemptedAt']);
  if (!READABLE.includes(version) || typeof source !== 'string') {
    return undefined;
  }
  if (fetchedAt === undefined || attemptedAt === undefined) {
    return undefined;
  }
  const parsed = parseKeySet(document);
  if (typeof parsed === 'string') {
    return undefined;
  }
  return {
    source,
    fetchedAt,
    attemptedAt,
    unknownKeyAt: readTime(document['unknownKeyAt']),
    lastError: typeof lastError === 'string' ? lastError : undefined,
    lastHint: typeof lastHint === 'string' ? lastHint : undefined,
    unauthorized: unauthorized === true ? true : undefined,
    nextRefreshAt: readTime(document['nextRefreshAt']),
    // Of an older version: so that the issuer gives the keys again that it left out.
    etag: typeof etag === 'string' && version === VERSION ? etag : undefined,
    keySet: createKeySet(parsed.keySet.keys, readLeftOut(document['leftOut'])),
  };
}

/** JSON's `1e400` is infinite here, and would be written back as `null`. */
function readTime(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** What is said of a key is only ever shown, and is printable ASCII as it was written. */
function readLeftOut(list: unknown): readonly LeftOutKey[] {
  return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((one) => {
    const { kid, reason } = isJSONObject(one) ? one : {};
    return typeof reason === 'string' && reason.length <= 2000 && /^[\x20-\x7e]*$/.test(reason)
      ? [typeof kid === 'string' ? { kid, reason } : { reason }]
      : [];
  });
}
