// Decides for one login whether remembered keys serve or the issuer must be asked. Used where no daemon keeps the keys.
import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import type { FetchKeySet, RetrievalFailure } from './fetch-result.ts';
import { lacksKey, type WantedKey } from './find-keys.ts';
import { applyFetchResult, isWithin, type KeyOwner, keysWithin, staleLimit } from './key-owner.ts';
import type { KeyCache, KeyRecord } from './key-record.ts';
import type { KeySet } from './parse-key-set.ts';

/** The world around {@link getKeySet}. */
export interface GetKeySetOptions {
  readonly cache: KeyCache;
  readonly clock: Clock;
  readonly fetch: FetchKeySet;
}

/**
 * Gives the keys of an issuer: remembered ones while they are fresh and hold the key that is wanted, else newly
 * retrieved ones, else remembered ones up to `maxStale` after their last successful retrieval.
 *
 * A key that is wanted and not there, or there and not the one that signed the token, costs one retrieval for each cooldown, however many tokens name it; so does an
 * issuer that does not answer while remembered keys can still be used.
 *
 * @returns the keys, which may still lack the one that is wanted, or `ERR_KEYS_UNAVAILABLE`.
 */
export async function getKeySet(
  owner: KeyOwner,
  wanted: WantedKey,
  options: GetKeySetOptions,
): Promise<KeySet | Refusal> {
  const { cache, clock, fetch } = options;
  const record = cache.read(owner.name, owner.source);
  const now = clock();
  if (record !== undefined && serves(record, owner, wanted, now)) {
    return keysWithin(record, now - record.fetchedAt, owner, {
      reason: record.lastError ?? 'it has none',
      hint: record.lastHint,
    });
  }

  const result = await fetch(record?.etag);
  const updated = applyFetchResult(record, result, owner, now);
  if (updated !== undefined) {
    cache.write(owner.name, lacks(record, wanted) ? { ...updated, soughtAt: now } : updated);
  }
  const failure: RetrievalFailure =
    result.kind === 'failed' ? result : { reason: 'the issuer answered without keys' };
  return keysWithin(updated, now - (updated?.fetchedAt ?? 0), owner, failure);
}

/** Whether a record can be used without asking the issuer. */
function serves(record: KeyRecord, owner: KeyOwner, wanted: WantedKey, now: number): boolean {
  const age = now - record.fetchedAt;
  const limit = staleLimit(record, owner);
  if (isWithin(age, Math.min(owner.refreshInterval, limit))) {
    return (
      !lacks(record, wanted) ||
      isWithin(now - (record.soughtAt ?? -Infinity), owner.unknownKeyCooldown)
    );
  }
  return isWithin(age, limit) && isWithin(now - record.attemptedAt, owner.unknownKeyCooldown);
}

function lacks(record: KeyRecord | undefined, wanted: WantedKey): boolean {
  return record !== undefined && lacksKey(record.keySet, wanted);
}
