// An issuer entry as far as its keys are concerned, and the rules that daemon and `pgtoken pam` share for their age.
import { formatSeconds } from '../values/units.ts';
import { refuse, type Refusal } from '../errors.ts';
import { CHECK_THE_WAY, type FetchResult, type FetchFailure } from './fetch-result.ts';
import type { KeyRecord } from './key-record.ts';
import type { KeySet } from './formats/parse-key-set.ts';

/** Whose keys are kept, and for how long. */
export interface KeyOwner {
  /** The entry's name. */
  readonly name: string;
  /** Where its keys come from, as text; changes whenever the configuration of it does. */
  readonly source: string;
  /** Seconds, as in the entry's `cache`. */
  readonly refreshInterval: number;
  readonly maxStale: number;
  /** Likewise, once the issuer has answered 401 or 403; default: `maxStale`. */
  readonly maxStaleUnauthorized?: number | undefined;
  readonly unknownKeyCooldown: number;
}

/** For how long after their retrieval the keys of a record are used, in seconds. */
export function staleLimit(record: KeyRecord, owner: KeyOwner): number {
  return record.unauthorized === true
    ? Math.min(owner.maxStale, owner.maxStaleUnauthorized ?? owner.maxStale)
    : owner.maxStale;
}

/** The key of issuers.yaml that such a limit comes from. */
export function nameStaleLimit(limit: number, owner: KeyOwner): string {
  return limit === owner.maxStale ? 'cache.maxStale' : 'cache.maxStaleUnauthorized';
}

/** Whether an age is within a limit; one that lies in the future, after a clock was set back, is not. */
export function isWithin(age: number, limit: number): boolean {
  return age >= 0 && age <= limit;
}

/**
 * What is remembered after a retrieval.
 *
 * @param now Unix time in seconds.
 * @returns a new record. One without keys and of no date says only that there were none to be had, and why.
 */
export function applyFetchResult(
  record: KeyRecord | undefined,
  result: FetchResult,
  owner: KeyOwner,
  now: number,
): KeyRecord | undefined {
  switch (result.kind) {
    case 'keys':
      return {
        source: owner.source,
        fetchedAt: now,
        attemptedAt: now,
        unknownKeyAt: record?.unknownKeyAt,
        etag: result.etag,
        keySet: result.keySet,
      };
    case 'unchanged':
      return (
        record && {
          ...record,
          fetchedAt: now,
          attemptedAt: now,
          lastError: undefined,
          lastHint: undefined,
          unauthorized: undefined,
        }
      );
    case 'failed':
      return {
        ...(record === undefined || result.withdrawn === true
          ? { source: owner.source, fetchedAt: record?.fetchedAt ?? 0, keySet: { keys: [] } }
          : record),
        unknownKeyAt: record?.unknownKeyAt,
        attemptedAt: now,
        lastError: result.reason,
        lastHint: result.hint,
        // Until it gives its keys again: being out of reach meanwhile makes those from before no better.
        unauthorized: result.unauthorized ?? record?.unauthorized,
      };
  }
}

/**
 * The keys that a record still gives.
 *
 * @param age seconds since they were retrieved.
 * @param failure why there are no newer ones, and what to do about it.
 */
export function keysWithin(
  record: KeyRecord | undefined,
  age: number,
  owner: KeyOwner,
  failure: FetchFailure,
): KeySet | Refusal {
  if (record === undefined || record.keySet.keys.length === 0) {
    return unavailable(failure, 'and none are remembered');
  }
  return isWithin(age, staleLimit(record, owner))
    ? record.keySet
    : unavailable(failure, describeAge(age, record, owner));
}

function describeAge(age: number, record: KeyRecord, owner: KeyOwner): string {
  if (age < 0) {
    return 'and those remembered are from the future, as if the clock had been set back';
  }
  const limit = staleLimit(record, owner);
  const why = limit === owner.maxStale ? '' : ', and the issuer has answered 401 or 403';
  return `and those remembered are ${formatSeconds(age)} old (${nameStaleLimit(limit, owner)} is ${formatSeconds(limit)}${why})`;
}

function unavailable({ reason, hint }: FetchFailure, remembered: string): Refusal {
  return refuse(
    'ERR_KEYS_UNAVAILABLE',
    `the issuer's keys could not be retrieved, ${remembered}: ${reason}`,
    hint ?? CHECK_THE_WAY,
  );
}
