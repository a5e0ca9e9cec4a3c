// Decides for one login whether remembered keys serve or the issuer must be asked. Used where no daemon keeps the keys.
import type { Clock } from '../clock.ts';
import { formatSeconds } from '../values/units.ts';
import type { Refusal } from '../errors.ts';
import type { FetchKeySet, FetchFailure } from './fetch-result.ts';
import { lacksKey, type WantedKey } from './find-keys.ts';
import { applyFetchResult, isWithin, type KeyOwner, keysWithin, staleLimit } from './key-owner.ts';
import type { KeyCache, KeyRecord } from './key-record.ts';
import type { KeySet } from './formats/parse-key-set.ts';

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
 * While there are none, an attempt that failed answers for the length of the cooldown, so that an issuer that hangs does
 * not hold up every login for itself. A key that is wanted and not there, or there and not the one that signed the token,
 * costs one retrieval for each cooldown, however many tokens name it; so does an issuer that does not answer while remembered
 * keys can still be used.
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
    const { lastError = 'it has none', lastHint: hint, attemptedAt } = record;
    const reason = `${lastError} (${formatSeconds(now - attemptedAt)} ago; asked again after cache.unknownKeyCooldown)`;
    return keysWithin(record, now - record.fetchedAt, owner, { reason, hint });
  }

  const result = await fetch(record?.etag);
  // An attempt that failed took until now; keys are as old as the question.
  const at = result.kind === 'failed' ? clock() : now;
  const updated = applyFetchResult(record, result, owner, at);
  if (updated !== undefined) {
    cache.write(owner.name, lacks(record, wanted) ? { ...updated, unknownKeyAt: at } : updated);
  }
  const failure: FetchFailure =
    result.kind === 'failed' ? result : { reason: 'the issuer answered without keys' };
  return keysWithin(updated, now - (updated?.fetchedAt ?? 0), owner, failure);
}

/** Whether a record can be used without asking the issuer. */
function serves(record: KeyRecord, owner: KeyOwner, wanted: WantedKey, now: number): boolean {
  const isPaused = isWithin(now - record.attemptedAt, owner.unknownKeyCooldown);
  const age = now - record.fetchedAt;
  if (record.keySet.keys.length === 0 || !isWithin(age, staleLimit(record, owner))) {
    // Nothing to go by: an attempt that has just failed is the answer for all who come meanwhile.
    return record.lastError !== undefined && isPaused;
  }
  if (isWithin(age, owner.refreshInterval)) {
    return (
      !lacks(record, wanted) ||
      isWithin(now - (record.unknownKeyAt ?? -Infinity), owner.unknownKeyCooldown)
    );
  }
  return isPaused;
}

function lacks(record: KeyRecord | undefined, wanted: WantedKey): boolean {
  return record !== undefined && lacksKey(record.keySet, wanted);
}
