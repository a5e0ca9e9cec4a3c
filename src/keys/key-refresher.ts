// Keeps the keys of one issuer for the daemon: in memory for every login, refreshed in the background before they are
// needed, on disk for the next start.
//
// A login waits for the issuer only when there are no keys to go by, or when it names a key that is not there, or one that
// does not verify its token, and the cooldown allows a look. One retrieval at a time; everybody who waits, waits for the same
// one. Ages are counted on a monotonic clock, so that a stepped wall clock neither ages keys nor makes them younger.
import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import { retryDelay } from '../retry-delay.ts';
import type { FetchKeySet, FetchResult, FetchFailure } from './fetch-result.ts';
import { lacksKey, type WantedKey } from './find-keys.ts';
import { applyFetchResult, isWithin, type KeyOwner, keysWithin, staleLimit } from './key-owner.ts';
import type { KeyCache, KeyRecord } from './key-record.ts';
import type { KeySet } from './formats/parse-key-set.ts';

/** Keeps the keys of one issuer entry. */
export interface KeyRefresher {
  /** Whether the key that is wanted is there and may be used, so that `keysFor` will not wait. */
  hasCachedKey(wanted: WantedKey): boolean;
  /**
   * The keys to verify with; they may lack the one that is wanted. Waits for one retrieval, or for one more
   * where the first was under way already and did not bring the key.
   */
  keysFor(wanted: WantedKey): Promise<KeySet | Refusal>;
  /** The keys that may be used, without waiting for any; undefined where there are none. */
  cachedKeys(): KeySet | undefined;
  /** What it holds, for a refresher that takes its place. */
  held(): HeldKeys | undefined;
  /** How things stand, for metrics. */
  status(): KeyStatus;
  /**
   * Stops refreshing. Logins that began with these keys still get them, also by a retrieval that is under way; nothing of it
   * is written or told any more.
   */
  stop(): void;
}

/** How the keys of an issuer stand. */
export interface KeyStatus {
  readonly keyCount: number;
  /** Seconds since the last successful retrieval; undefined before the first one. */
  readonly age: number | undefined;
  /** Why the last attempt failed, when it did. */
  readonly lastError: string | undefined;
}

/** What a refresher holds; times are on the monotonic clock. */
export interface HeldKeys {
  readonly record: KeyRecord;
  readonly fetchedAt: number;
  readonly unknownKeyAt: number;
}

/** The world around a {@link KeyRefresher}. */
export interface KeyRefresherOptions {
  readonly cache: KeyCache;
  /** What the refresher before it held, where that serves the same source; default: what is on disk. */
  readonly held?: HeldKeys | undefined;
  readonly fetch: FetchKeySet;
  readonly clock: Clock;
  /** Seconds on a clock that is never set. */
  readonly monotonicClock: Clock;
  /** From 0 to 1; spreads refreshes so that issuers are not all asked at once. */
  readonly random: () => number;
  /** Told how each retrieval ended. */
  readonly onFetch: (result: FetchResult) => void;
}

/** An issuer's Cache-Control may shorten the refresh interval, but not below this, in seconds. */
const LEAST_REFRESH = 60;
/** After a failure the next attempt comes after this many seconds, then twice as many, and so on. */
const FIRST_RETRY = 1;
const LONGEST_RETRY = 30;
/**
 * By how much of the time until the next retrieval it may come earlier, at random, so that a fleet of hosts does not ask its issuer
 * at the same moment: little where they are spread already; half where they are all refused something; and nearly all after what
 * happens to all of them at once, a start, a key that is new, the end of an outage.
 */
const SPREAD = { regular: 0.1, failed: 0.5, together: 0.9 } as const;

/** Why keys are retrieved: because it is time, or for something that may happen to many hosts at the same moment. */
type Occasion = Exclude<keyof typeof SPREAD, 'failed'>;

/** Starts keeping an issuer's keys: what is on disk at once, then what the issuer says. */
export function startKeyRefresher(owner: KeyOwner, options: KeyRefresherOptions): KeyRefresher {
  const { cache, held, fetch, clock, monotonicClock, random, onFetch } = options;
  let record: KeyRecord | undefined =
    held === undefined
      ? cache.read(owner.name, owner.source)
      : { ...held.record, source: owner.source };
  /** On the monotonic clock; far in the past for what was on disk and of no known age. */
  let fetchedAt =
    held?.fetchedAt ??
    (record === undefined ? undefined : monotonicClock() - ageOnDisk(record, clock()));
  /** When a key that was not there was last looked for, on the monotonic clock. */
  let unknownKeyAt = held?.unknownKeyAt ?? -Infinity;
  /** Up to half longer than it has to be, at random: tokens that somebody sends to many hosts at once do not make them ask in step. */
  let cooldown = owner.unknownKeyCooldown;
  let lastFailure: FetchFailure | undefined;
  let failures = 0;
  let pending: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Undefined also for what was on disk and of no known age: it waits for the issuer to confirm it. */
  const age = (): number | undefined =>
    fetchedAt === undefined || fetchedAt === -Infinity ? undefined : monotonicClock() - fetchedAt;

  const earlier = (seconds: number, spread: keyof typeof SPREAD): number =>
    seconds * (1 - random() * SPREAD[spread]);

  const schedule = (seconds: number): void => {
    clearTimeout(timer);
    if (!stopped) {
      timer = setTimeout(() => void refresh('regular'), seconds * 1000);
      timer.unref();
    }
  };

  /** Retrieves the keys; whoever asks while this runs, shares it. Never rejects. */
  const refresh = async (occasion: Occasion): Promise<void> => {
    pending ??= retrieve(occasion).finally(() => {
      pending = undefined;
    });
    return pending;
  };

  const retrieve = async (occasion: Occasion): Promise<void> => {
    let result: FetchResult;
    try {
      result = await fetch(record?.etag);
    } catch (error) {
      result = { kind: 'failed', reason: error instanceof Error ? error.name : 'unknown error' };
    }
    const failed = result.kind === 'failed';
    const spread = failed ? 'failed' : failures > 0 ? 'together' : occasion;
    failures = failed ? failures + 1 : 0;
    lastFailure = result.kind === 'failed' ? result : undefined;
    if (!failed) {
      fetchedAt = monotonicClock();
    }
    const delay = failed
      ? retryDelay(failures, FIRST_RETRY, Math.min(LONGEST_RETRY, owner.refreshInterval))
      : refreshDelay(owner, result);
    const jittered = earlier(delay, spread);
    const now = clock();
    const updated = applyFetchResult(record, result, owner, now);
    if (updated !== undefined) {
      record = { ...updated, nextRefreshAt: now + jittered };
    }
    if (stopped) {
      return;
    }
    if (record !== undefined) {
      cache.write(owner.name, record);
    }
    onFetch(result);
    schedule(jittered);
  };

  const lacks = (wanted: WantedKey): boolean =>
    record !== undefined && lacksKey(record.keySet, wanted);

  /** Looks for a key that is not there, unless somebody has done so within the cooldown. */
  const seek = async (): Promise<void> => {
    if (pending !== undefined) {
      await pending;
    } else if (monotonicClock() - unknownKeyAt >= cooldown) {
      unknownKeyAt = monotonicClock();
      cooldown = owner.unknownKeyCooldown * (1 + random() / 2);
      await refresh('together');
    }
  };

  const keepsUsableKeys = (): boolean =>
    record !== undefined && isWithin(age() ?? -1, staleLimit(record, owner));

  if (
    record === undefined ||
    record.lastError !== undefined ||
    // Whether the issuer is reached under the new terms is found out now, not when the keys are old.
    (held !== undefined && held.record.source !== owner.source) ||
    !isWithin(age() ?? -1, owner.refreshInterval)
  ) {
    void refresh('together');
  } else {
    schedule(earlier(Math.max(0, owner.refreshInterval - (age() ?? 0)), 'regular'));
  }

  return {
    hasCachedKey: (wanted) => keepsUsableKeys() && !lacks(wanted),
    async keysFor(wanted) {
      if (!keepsUsableKeys()) {
        // Nothing to go by. In the backoff after a failure the answer is known already.
        if (pending !== undefined || failures === 0) {
          await refresh('together');
        }
      } else if (lacks(wanted)) {
        // What is under way may have been asked before the key was published: then one more look is due.
        await pending;
        if (lacks(wanted)) {
          await seek();
        }
      }
      return keysWithin(
        record,
        age() ?? -1,
        owner,
        lastFailure ?? { reason: 'the issuer answered without keys' },
      );
    },
    cachedKeys: () => (keepsUsableKeys() ? record?.keySet : undefined),
    held: () =>
      record === undefined || fetchedAt === undefined
        ? undefined
        : { record, fetchedAt, unknownKeyAt },
    status: () => ({
      keyCount: record?.keySet.keys.length ?? 0,
      age: age(),
      lastError: lastFailure?.reason,
    }),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** How long until the next refresh: what the issuer allows, within bounds. */
function refreshDelay(owner: KeyOwner, result: FetchResult): number {
  const allowed = result.kind === 'failed' ? undefined : result.maxAge;
  const least = Math.min(LEAST_REFRESH, owner.refreshInterval);
  return Math.min(Math.max(allowed ?? owner.refreshInterval, least), owner.refreshInterval);
}

/** The age of a record from disk; one from the future, after a clock was set back, is of no known age. */
function ageOnDisk(record: KeyRecord, now: number): number {
  const age = now - record.fetchedAt;
  return age >= 0 ? age : Infinity;
}
