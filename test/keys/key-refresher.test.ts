// Keeping an issuer's keys: when the issuer is asked and when not, and what logins get meanwhile. Time stands still unless a
// test moves it; the issuer answers when a test says so.
import type { JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { isRefusal, type Refusal } from '../../src/errors.ts';
import type { FetchResult } from '../../src/keys/fetch-result.ts';
import type { WantedKey } from '../../src/keys/find-keys.ts';
import {
  type HeldKeys,
  startKeyRefresher,
  type KeyRefresher,
} from '../../src/keys/key-refresher.ts';
import type { KeyOwner } from '../../src/keys/key-owner.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import type { KeySet } from '../../src/keys/formats/parse-key-set.ts';

const START = 1_790_000_000;
const OWNER: KeyOwner = {
  name: 'prod',
  source: 'jwks https://issuer.example.com/keys by system',
  refreshInterval: 600,
  maxStale: 3600,
  unknownKeyCooldown: 30,
};

const keySet = (...kids: readonly string[]): KeySet => ({
  keys: kids.map((kid): JWK => ({ kty: 'EC', crv: 'P-256', x: `x-${kid}`, y: 'y', kid })),
});
const wanted = (keyID: string, failed?: readonly JWK[]): WantedKey => ({
  keyID,
  algorithm: 'ES256',
  ...(failed === undefined ? {} : { failed }),
});
const keys = (kids: readonly string[], more: { etag?: string; maxAge?: number } = {}) =>
  ({
    kind: 'keys',
    keySet: keySet(...kids),
    etag: more.etag,
    maxAge: more.maxAge,
  }) satisfies FetchResult;
const FAILED: FetchResult = { kind: 'failed', reason: 'connection refused' };
const kidsOf = (answer: KeySet | Refusal): unknown =>
  isRefusal(answer) ? answer : answer.keys.map((key) => key.kid);

interface Fetch {
  readonly etag: string | undefined;
  readonly answer: (result: FetchResult) => Promise<void>;
  readonly throw: (error: unknown) => Promise<void>;
}

interface Kept {
  readonly keeper: KeyRefresher;
  /** Every retrieval since the start. */
  readonly fetches: readonly Fetch[];
  /** What was written to the cache. */
  readonly written: readonly KeyRecord[];
  /** How retrievals ended, as the keeper told. */
  readonly told: readonly FetchResult[];
  /** The kids that a login gets at once, without waiting for the issuer; or its refusal. */
  readonly login: (kid: string) => Promise<unknown>;
}

/** Seconds since the start that the wall clock shows besides those that have passed. */
let stepped = 0;
/** Seconds that have passed. */
let elapsed = 0;

beforeEach(() => {
  stepped = 0;
  elapsed = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function pass(seconds: number): Promise<void> {
  // In small steps, so that clocks and timers agree.
  for (let left = seconds; left > 0; left -= 0.5) {
    const step = Math.min(left, 0.5);
    elapsed += step;
    await vi.advanceTimersByTimeAsync(step * 1000);
  }
}

/** Lets everything run that waits for nothing. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function keep(
  options: {
    readonly owner?: Partial<KeyOwner>;
    readonly record?: KeyRecord;
    readonly held?: HeldKeys | undefined;
    readonly random?: number;
    readonly onFetch?: (result: FetchResult) => void;
  } = {},
): Kept {
  const fetches: Fetch[] = [];
  const written: KeyRecord[] = [];
  const told: FetchResult[] = [];
  const keeper = startKeyRefresher(
    { ...OWNER, ...options.owner },
    {
      cache: {
        read: (name, source) =>
          name === OWNER.name && options.record?.source === source ? options.record : undefined,
        write: (_name, record) => written.push(record),
      },
      held: options.held,
      fetch: async (etag) => {
        const { promise, resolve, reject } = Promise.withResolvers<FetchResult>();
        fetches.push({
          etag,
          answer: async (result) => {
            resolve(result);
            await settle();
          },
          throw: async (error) => {
            reject(error);
            await settle();
          },
        });
        return promise;
      },
      clock: () => START + elapsed + stepped,
      monotonicClock: () => 1000 + elapsed,
      random: () => options.random ?? 0,
      onFetch: (result) => {
        told.push(result);
        options.onFetch?.(result);
      },
    },
  );
  return {
    keeper,
    fetches,
    written,
    told,
    login: async (kid) => {
      let answer: unknown = 'waits';
      void keeper.keysFor(wanted(kid)).then((given) => {
        answer = kidsOf(given);
      });
      await settle();
      return answer;
    },
  };
}

const record = (age: number, more: Partial<KeyRecord> = {}): KeyRecord => ({
  source: OWNER.source,
  fetchedAt: START - age,
  attemptedAt: START - age,
  etag: '"disk"',
  keySet: keySet('disk'),
  ...more,
});

const unavailable = (message: string): unknown =>
  expect.objectContaining({ code: 'ERR_KEYS_UNAVAILABLE', message });

/** Passes time while every retrieval that is or gets under way fails. */
async function failFor(kept: Kept, seconds: number): Promise<void> {
  let answered = 0;
  for (const end = elapsed + seconds; elapsed < end; await pass(0.5)) {
    for (; answered < kept.fetches.length; answered++) {
      await kept.fetches[answered]!.answer(FAILED);
    }
  }
  for (const fetch of kept.fetches.slice(answered)) await fetch.answer(FAILED);
}

/** Passes time in half seconds until there is one more retrieval. @returns the seconds it took. */
async function untilNextFetch(kept: Kept): Promise<number> {
  const before = kept.fetches.length;
  const from = elapsed;
  while (kept.fetches.length === before) {
    if (elapsed - from > 100_000) throw new Error('the issuer is not asked any more');
    await pass(0.5);
  }
  return elapsed - from;
}

describe('the first retrieval', () => {
  it('starts by itself, and 100 logins at once wait for that one', async () => {
    const { keeper, fetches } = keep();
    const logins = Array.from({ length: 100 }, async () => keeper.keysFor(wanted('a')));
    await settle();
    expect(fetches).toHaveLength(1);
    await fetches[0]!.answer(keys(['a']));
    for (const answer of await Promise.all(logins)) expect(kidsOf(answer)).toEqual(['a']);
    expect(fetches).toHaveLength(1);
  });

  it('refuses everybody who waited when it fails, and says why', async () => {
    const { keeper, fetches } = keep();
    const logins = Array.from({ length: 100 }, async () => keeper.keysFor(wanted('a')));
    await fetches[0]!.answer(FAILED);
    for (const answer of await Promise.all(logins)) {
      expect(answer).toMatchObject({
        code: 'ERR_KEYS_UNAVAILABLE',
        message:
          "the issuer's keys could not be retrieved, and none are remembered: connection refused",
        hint: 'Check that this host reaches the issuer, and issuer.certificateAuthority.',
      });
    }
  });

  it('after a failure answers logins at once, without asking the issuer for each', async () => {
    const { login, fetches } = keep();
    await fetches[0]!.answer(FAILED);
    for (let count = 0; count < 50; count++) {
      expect(await login('a')).toEqual(
        unavailable(
          "the issuer's keys could not be retrieved, and none are remembered: connection refused",
        ),
      );
    }
    expect(fetches).toHaveLength(1);
  });

  it('lets logins wait for the next attempt while that is under way', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(FAILED);
    await untilNextFetch(kept);
    const waiting = kept.keeper.keysFor(wanted('a'));
    await kept.fetches[1]!.answer(keys(['a']));
    expect(kidsOf(await waiting)).toEqual(['a']);
  });

  it('that throws counts as failed, and is tried again', async () => {
    const kept = keep();
    const waiting = kept.keeper.keysFor(wanted('a'));
    await kept.fetches[0]!.throw(new RangeError('secret'));
    expect(await waiting).toMatchObject({
      code: 'ERR_KEYS_UNAVAILABLE',
      message: "the issuer's keys could not be retrieved, and none are remembered: RangeError",
    });
    expect(kept.told).toEqual([{ kind: 'failed', reason: 'RangeError' }]);
    await untilNextFetch(kept);
    await kept.fetches[1]!.answer(keys(['a']));
    expect(await kept.login('a')).toEqual(['a']);
  });

  it('that throws something that is no error counts as failed too', async () => {
    const kept = keep();
    // A library may reject with anything.
    await kept.fetches[0]!.throw('a string');
    expect(kept.keeper.status()).toMatchObject({ keyCount: 0, lastError: 'unknown error' });
    expect(await untilNextFetch(kept)).toBe(1);
  });
});

describe('backoff', () => {
  it('doubles from one second to thirty, and starts over after a success', async () => {
    const kept = keep();
    const delays = [];
    for (let count = 0; count < 8; count++) {
      await kept.fetches.at(-1)!.answer(FAILED);
      delays.push(await untilNextFetch(kept));
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    await kept.fetches.at(-1)!.answer(keys(['a']));
    expect(await untilNextFetch(kept)).toBe(600);
    await kept.fetches.at(-1)!.answer(FAILED);
    expect(await untilNextFetch(kept)).toBe(1);
  });

  it('is spread over half of it, for an issuer that refuses what is too many at once', async () => {
    const kept = keep({ random: 1 });
    const delays = [];
    for (let count = 0; count < 6; count++) {
      await kept.fetches.at(-1)!.answer(FAILED);
      delays.push(await untilNextFetch(kept));
    }
    expect(delays).toEqual([0.5, 1, 2, 4, 8, 15]);
  });

  it('never exceeds the refresh interval', async () => {
    const kept = keep({ owner: { refreshInterval: 5 } });
    const delays = [];
    for (let count = 0; count < 5; count++) {
      await kept.fetches.at(-1)!.answer(FAILED);
      delays.push(await untilNextFetch(kept));
    }
    expect(delays).toEqual([1, 2, 4, 5, 5]);
  });

  it('goes on for ever: after a thousand failures the issuer is still asked', async () => {
    const kept = keep({ owner: { refreshInterval: 1 } });
    for (let count = 0; count < 1100; count++) {
      await kept.fetches.at(-1)!.answer(FAILED);
      expect(await untilNextFetch(kept)).toBeLessThanOrEqual(1);
    }
    await kept.fetches.at(-1)!.answer(FAILED);
    expect(await kept.login('a')).toEqual(
      unavailable(
        "the issuer's keys could not be retrieved, and none are remembered: connection refused",
      ),
    );
  });
});

describe('refreshes in the background', () => {
  it('after refreshInterval, while logins go on with the keys at hand', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    expect(await untilNextFetch(kept)).toBe(600);
    expect(await kept.login('a')).toEqual(['a']);
    await kept.fetches[1]!.answer(keys(['b']));
    expect(await kept.login('b')).toEqual(['b']);
    expect(kept.fetches).toHaveLength(2);
  });

  it.each([
    [0, 600],
    [0.5, 570],
    [1, 540],
  ])('spread over a tenth of it: at random %d after %d s', async (random, seconds) => {
    const kept = keep({ random });
    await kept.fetches[0]!.answer(keys(['a']));
    await untilNextFetch(kept);
    await kept.fetches[1]!.answer(keys(['a']));
    const now = START + elapsed;
    expect(await untilNextFetch(kept)).toBe(seconds);
    expect(kept.written.at(-1)).toMatchObject({ nextRefreshAt: now + seconds });
  });

  describe('spread over nearly all of it, at random 0.5 after 330 s,', () => {
    it('after a start, as a whole fleet may have been started', async () => {
      const kept = keep({ random: 0.5 });
      await kept.fetches[0]!.answer(keys(['a']));
      expect(await untilNextFetch(kept)).toBe(330);
    });

    it('after a start with keys that were too old', async () => {
      const kept = keep({ random: 0.5, record: record(1000) });
      await kept.fetches[0]!.answer({ kind: 'unchanged', maxAge: undefined });
      expect(await untilNextFetch(kept)).toBe(330);
    });

    it('after a key that was looked for, as every host may have been shown it', async () => {
      const kept = keep({ random: 0.5, record: record(100) });
      const login = kept.keeper.keysFor(wanted('b'));
      await settle();
      await kept.fetches[0]!.answer(keys(['b']));
      await login;
      expect(await untilNextFetch(kept)).toBe(330);
    });

    it('after the end of an outage, and then over a tenth again', async () => {
      const kept = keep({ random: 0.5, record: record(100) });
      await untilNextFetch(kept);
      await kept.fetches[0]!.answer(FAILED);
      await untilNextFetch(kept);
      await kept.fetches[1]!.answer(keys(['a']));
      expect(await untilNextFetch(kept)).toBe(330);
      await kept.fetches[2]!.answer(keys(['a']));
      expect(await untilNextFetch(kept)).toBe(570);
    });
  });

  it.each([
    ['sooner where the issuer says so', 600, 300, 300],
    ['not sooner than after a minute', 600, 5, 60],
    ['not at once where nothing may be kept', 600, 0, 60],
    ['not later than refreshInterval', 600, 86_400, 600],
    ['at a refreshInterval below a minute, whatever the issuer says', 10, 1, 10],
  ])('%s', async (_what, refreshInterval, maxAge, seconds) => {
    const kept = keep({ owner: { refreshInterval } });
    await kept.fetches[0]!.answer(keys(['a'], { maxAge }));
    expect(await untilNextFetch(kept)).toBe(seconds);
    await kept.fetches[1]!.answer({ kind: 'unchanged', maxAge });
    expect(await untilNextFetch(kept)).toBe(seconds);
  });

  it('one retrieval at a time: a slow one is not joined by another', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    await untilNextFetch(kept);
    await pass(3000);
    expect(kept.fetches).toHaveLength(2);
    expect(await kept.login('a')).toEqual(['a']);
  });

  it('with the entity tag of the keys at hand, which "unchanged" keeps and renews', async () => {
    const kept = keep();
    expect(kept.fetches[0]!.etag).toBeUndefined();
    await kept.fetches[0]!.answer(keys(['a'], { etag: '"1"' }));
    await untilNextFetch(kept);
    expect(kept.fetches[1]!.etag).toBe('"1"');
    await kept.fetches[1]!.answer({ kind: 'unchanged', maxAge: undefined });
    expect(kept.keeper.status()).toEqual({ keyCount: 1, age: 0, lastError: undefined });
    expect(kept.written.at(-1)).toMatchObject({ fetchedAt: START + 600, etag: '"1"' });
    await untilNextFetch(kept);
    expect(kept.fetches[2]!.etag).toBe('"1"');
    await kept.fetches[2]!.answer(keys(['b']));
    await untilNextFetch(kept);
    expect(kept.fetches[3]!.etag).toBeUndefined();
  });

  it('a key that the issuer no longer publishes stops at that refresh', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['old', 'new']));
    await untilNextFetch(kept);
    expect(await kept.login('old')).toEqual(['old', 'new']);
    await kept.fetches[1]!.answer(keys(['new']));
    expect(await kept.login('old')).toBe('waits'); // it is looked for once more
    await kept.fetches[2]!.answer(keys(['new']));
    expect(await kept.login('old')).toEqual(['new']);
  });

  it('all keys stop when the issuer publishes that it has none, also on disk', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a'], { etag: '"1"' }));
    expect(await kept.login('a')).toEqual(['a']);
    await untilNextFetch(kept);
    const none = { kind: 'failed', reason: 'no usable key', withdrawn: true } as const;
    await kept.fetches[1]!.answer(none);
    expect(await kept.login('a')).toBe('waits'); // it is looked for once more
    await kept.fetches[2]!.answer(none);
    expect(await kept.login('a')).toMatchObject({
      code: 'ERR_KEYS_UNAVAILABLE',
      message: "the issuer's keys could not be retrieved, and none are remembered: no usable key",
    });
    expect(kept.written.at(-1)).toMatchObject({ keySet: { keys: [] }, lastError: 'no usable key' });
  });

  it('tells of each retrieval how it ended', async () => {
    const kept = keep();
    const results: FetchResult[] = [
      keys(['a'], { etag: '"1"' }),
      { kind: 'unchanged', maxAge: undefined },
      FAILED,
    ];
    for (const result of results) {
      await kept.fetches.at(-1)!.answer(result);
      await untilNextFetch(kept);
    }
    expect(kept.told).toEqual(results);
  });
});

describe('an issuer that answers 401 or 403', () => {
  const UNAUTHORIZED = {
    kind: 'failed',
    reason: 'answered 401; expected 200',
    hint: 'Replace the token.',
    unauthorized: true,
  } as const;
  const REFUSED = {
    code: 'ERR_KEYS_UNAVAILABLE',
    message:
      "the issuer's keys could not be retrieved, and those remembered are 11 min old (cache.maxStaleUnauthorized is 11 min, and the issuer has answered 401 or 403): answered 401; expected 200",
    hint: 'Replace the token.',
  };
  const LIMITED = { maxStaleUnauthorized: 630 };

  /** Has keys, and is refused its next retrieval, 600 s later. */
  async function refused(owner: Partial<KeyOwner> = {}): Promise<Kept> {
    const kept = keep({ owner });
    await kept.fetches[0]!.answer(keys(['a']));
    await untilNextFetch(kept);
    await kept.fetches[1]!.answer(UNAUTHORIZED);
    return kept;
  }

  it('leaves the keys in use up to maxStale, where nothing else is written', async () => {
    const kept = await refused();
    await failFor(kept, 2999);
    expect(await kept.login('a')).toEqual(['a']);
    await failFor(kept, 2);
    expect(await kept.login('a')).toEqual(
      unavailable(
        "the issuer's keys could not be retrieved, and those remembered are 60 min old (cache.maxStale is 60 min): connection refused",
      ),
    );
  });

  it('leaves them in use up to maxStaleUnauthorized, and not longer', async () => {
    const kept = await refused(LIMITED);
    expect(await kept.login('a')).toEqual(['a']);
    expect(kept.keeper.hasCachedKey(wanted('a'))).toBe(true);
    await pass(31);
    await kept.fetches.at(-1)!.answer(UNAUTHORIZED);
    expect(kept.keeper.hasCachedKey(wanted('a'))).toBe(false);
    expect(await kept.login('a')).toMatchObject(REFUSED);
  });

  it('ends their use at once where they are older than that already', async () => {
    const kept = await refused({ maxStaleUnauthorized: 0 });
    expect(await kept.login('a')).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });

  it('is not forgotten because it is out of reach afterwards', async () => {
    const kept = await refused(LIMITED);
    await failFor(kept, 31);
    expect(await kept.login('a')).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });

  it.each<readonly [what: string, result: FetchResult]>([
    ['gives them again', keys(['a'])],
    ['says that they are unchanged', { kind: 'unchanged', maxAge: undefined }],
  ])('is forgotten as soon as it %s', async (_what, result) => {
    const kept = await refused(LIMITED);
    await untilNextFetch(kept);
    await kept.fetches.at(-1)!.answer(result);
    expect(kept.written.at(-1)?.unauthorized).toBeUndefined();
    await failFor(kept, 631);
    expect(await kept.login('a')).toEqual(['a']);
  });

  it('is remembered over a restart, and asked at once', async () => {
    const kept = await refused(LIMITED);
    const left = kept.written.at(-1)!;
    expect(left).toMatchObject({ unauthorized: true, lastHint: 'Replace the token.' });
    await pass(31);
    const next = keep({ owner: LIMITED, record: left });
    expect(next.fetches).toHaveLength(1);
    await next.fetches[0]!.answer(FAILED);
    expect(await next.login('a')).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });
});

describe('a key that is not there', () => {
  it('is looked for once, and everybody who wants it waits for that', async () => {
    const { keeper, fetches } = keep();
    await fetches[0]!.answer(keys(['a']));
    const logins = Array.from({ length: 100 }, async () => keeper.keysFor(wanted('b')));
    await settle();
    expect(fetches).toHaveLength(2);
    await fetches[1]!.answer(keys(['a', 'b']));
    for (const answer of await Promise.all(logins)) expect(kidsOf(answer)).toEqual(['a', 'b']);
    expect(fetches).toHaveLength(2);
  });

  it('costs one retrieval for each cooldown, however many different ones are named', async () => {
    const { keeper, fetches, login } = keep();
    await fetches[0]!.answer(keys(['a']));
    for (const round of [1, 2, 3]) {
      const logins = Array.from({ length: 1000 }, async (_, at) =>
        keeper.keysFor(wanted(`unknown-${round}-${at}`)),
      );
      await settle();
      expect(fetches).toHaveLength(1 + round);
      await fetches.at(-1)!.answer(keys(['a']));
      for (const answer of await Promise.all(logins)) expect(kidsOf(answer)).toEqual(['a']);
      // Within the cooldown the answer comes at once.
      await pass(29.5);
      expect(await login('unknown')).toEqual(['a']);
      expect(fetches).toHaveLength(1 + round);
      await pass(0.5);
    }
  });

  it('has a cooldown that is up to half longer, for hosts that are all sent such a token', async () => {
    const { fetches, login } = keep({ random: 1, record: record(100) });
    expect(await login('b')).toBe('waits');
    await fetches[0]!.answer(keys(['a']));
    await pass(44.5);
    expect(await login('b')).toEqual(['a']);
    await pass(0.5);
    expect(await login('b')).toBe('waits');
  });

  it('does not delay a login whose key is there', async () => {
    const { fetches, login } = keep();
    await fetches[0]!.answer(keys(['a']));
    expect(await login('b')).toBe('waits');
    expect(await login('a')).toEqual(['a']);
  });

  it('that is published while a retrieval is under way is found by one more', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    await untilNextFetch(kept); // its answer may have been written before the key was
    const waiting = kept.keeper.keysFor(wanted('b'));
    await kept.fetches[1]!.answer(keys(['a']));
    expect(kept.fetches).toHaveLength(3);
    await kept.fetches[2]!.answer(keys(['a', 'b']));
    expect(kidsOf(await waiting)).toEqual(['a', 'b']);
  });

  it('that comes with a retrieval under way needs no other', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    await untilNextFetch(kept);
    const waiting = kept.keeper.keysFor(wanted('b'));
    await kept.fetches[1]!.answer(keys(['a', 'b']));
    expect(kidsOf(await waiting)).toEqual(['a', 'b']);
    expect(kept.fetches).toHaveLength(2);
  });

  it('counts its cooldown on a clock that nobody sets', async () => {
    const { fetches, login } = keep();
    await fetches[0]!.answer(keys(['a']));
    expect(await login('b')).toBe('waits');
    await fetches[1]!.answer(keys(['a']));
    for (const step of [86_400, -200_000]) {
      stepped += step;
      expect(await login('b')).toEqual(['a']);
    }
    expect(fetches).toHaveLength(2);
  });

  it('gets the keys at hand when the issuer is down, and the known ones go on', async () => {
    const { fetches, login, keeper } = keep();
    await fetches[0]!.answer(keys(['a']));
    const waiting = keeper.keysFor(wanted('b'));
    await settle();
    await fetches[1]!.answer(FAILED);
    expect(kidsOf(await waiting)).toEqual(['a']);
    expect(await login('a')).toEqual(['a']);
    expect(keeper.status()).toEqual({ keyCount: 1, age: 0, lastError: 'connection refused' });
  });
});

describe('while the issuer is down', () => {
  it('keeps serving the old keys up to maxStale, then refuses, and serves again afterwards', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    await failFor(kept, 3600);
    expect(await kept.login('a')).toEqual(['a']);
    await failFor(kept, 1);
    expect(await kept.login('a')).toEqual(
      unavailable(
        "the issuer's keys could not be retrieved, and those remembered are 60 min old (cache.maxStale is 60 min): connection refused",
      ),
    );
    await untilNextFetch(kept);
    await kept.fetches.at(-1)!.answer(keys(['a']));
    expect(await kept.login('a')).toEqual(['a']);
  });

  it('does not let a login wait as long as it has keys to go by', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    await untilNextFetch(kept); // and hangs
    await pass(2000);
    expect(await kept.login('a')).toEqual(['a']);
  });

  it('keeps the time of the last success, and notes the failure on disk', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    await untilNextFetch(kept);
    await kept.fetches[1]!.answer(FAILED);
    expect(kept.written.at(-1)).toMatchObject({
      fetchedAt: START,
      attemptedAt: START + 600,
      lastError: 'connection refused',
      nextRefreshAt: START + 601,
      keySet: keySet('a'),
    });
  });

  it('is not noticed by another issuer', async () => {
    const down = keep();
    const up = keep();
    await up.fetches[0]!.answer(keys(['a']));
    expect(await down.login('a')).toBe('waits');
    expect(await up.login('a')).toEqual(['a']);
    await down.fetches[0]!.answer(FAILED);
    expect(await up.login('a')).toEqual(['a']);
    expect(up.keeper.status().lastError).toBeUndefined();
  });
});

describe('started with keys on disk', () => {
  it('that are fresh serves them, and asks the issuer when they are due', async () => {
    const kept = keep({ record: record(100) });
    expect(kept.fetches).toHaveLength(0);
    expect(await kept.login('disk')).toEqual(['disk']);
    expect(kept.keeper.status()).toEqual({ keyCount: 1, age: 100, lastError: undefined });
    expect(await untilNextFetch(kept)).toBe(500);
    expect(kept.fetches[0]!.etag).toBe('"disk"');
  });

  it('that are fresh spreads the first refresh too', async () => {
    const kept = keep({ record: record(100), random: 1 });
    expect(await untilNextFetch(kept)).toBe(450);
  });

  it('that are stale serves them while it asks the issuer at once', async () => {
    const kept = keep({ record: record(601) });
    expect(kept.fetches).toHaveLength(1);
    expect(await kept.login('disk')).toEqual(['disk']);
    await kept.fetches[0]!.answer(FAILED);
    expect(await kept.login('disk')).toEqual(['disk']);
    await failFor(kept, 3000);
    expect(await kept.login('disk')).toEqual(
      unavailable(
        "the issuer's keys could not be retrieved, and those remembered are 60 min old (cache.maxStale is 60 min): connection refused",
      ),
    );
  });

  it('that are beyond maxStale lets logins wait for the issuer', async () => {
    const kept = keep({ record: record(3601) });
    const waiting = kept.keeper.keysFor(wanted('a'));
    expect(await kept.login('disk')).toBe('waits');
    await kept.fetches[0]!.answer(keys(['a']));
    expect(kidsOf(await waiting)).toEqual(['a']);
    expect(kept.fetches).toHaveLength(1);
  });

  it('that come from the future does not use them while the issuer is down', async () => {
    const kept = keep({ record: record(-60) });
    const waiting = kept.keeper.keysFor(wanted('disk'));
    await kept.fetches[0]!.answer(FAILED);
    expect(await waiting).toMatchObject({
      code: 'ERR_KEYS_UNAVAILABLE',
      message:
        "the issuer's keys could not be retrieved, and those remembered are from the future, as if the clock had been set back: connection refused",
    });
    expect(kept.keeper.status().age).toBeUndefined();
  });

  it('that come from the future takes them up again when the issuer says that they are unchanged', async () => {
    const kept = keep({ record: record(-60) });
    const waiting = kept.keeper.keysFor(wanted('disk'));
    await kept.fetches[0]!.answer({ kind: 'unchanged', maxAge: undefined });
    expect(kidsOf(await waiting)).toEqual(['disk']);
    expect(kept.keeper.status()).toEqual({ keyCount: 1, age: 0, lastError: undefined });
  });

  it('of another source does not use them', async () => {
    const kept = keep({ record: record(10, { source: 'jwks https://elsewhere.example.com' }) });
    expect(kept.fetches).toHaveLength(1);
    expect(kept.fetches[0]!.etag).toBeUndefined();
    expect(await kept.login('disk')).toBe('waits');
  });

  it('looks for a key that they lack at once, also when that was done before the start', async () => {
    const kept = keep({ record: record(5, { unknownKeyAt: START - 1 }) });
    const waiting = kept.keeper.keysFor(wanted('new'));
    await settle();
    await kept.fetches[0]!.answer(keys(['disk', 'new']));
    expect(kidsOf(await waiting)).toEqual(['disk', 'new']);
  });
});

describe('a wall clock that is set', () => {
  it.each([
    ['forward by a year', 365 * 86_400],
    ['back by a year', -365 * 86_400],
  ])('%s neither ages keys nor makes them younger', async (_what, step) => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    await pass(100);
    stepped = step;
    expect(await kept.login('a')).toEqual(['a']);
    expect(kept.keeper.status().age).toBe(100);
    expect(await untilNextFetch(kept)).toBe(500);
    await failFor(kept, 3001);
    expect(await kept.login('a')).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });

  it('stands in what is written at the next retrieval', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    stepped = -5000;
    await untilNextFetch(kept);
    await kept.fetches[1]!.answer(keys(['a']));
    expect(kept.written.at(-1)).toMatchObject({
      fetchedAt: START + 600 - 5000,
      attemptedAt: START + 600 - 5000,
      nextRefreshAt: START + 1200 - 5000,
    });
  });
});

describe('a key that does not verify a token', () => {
  /** The same kid, another key. */
  const replaced = (kid: string): JWK => ({ ...keySet(kid).keys[0], kty: 'EC', x: 'replaced' });
  const failed = keySet('a').keys;
  const withKeys = (...given: readonly JWK[]): FetchResult => ({
    kind: 'keys',
    keySet: { keys: given },
    etag: undefined,
    maxAge: undefined,
  });

  it('is looked for again, as the issuer may have replaced it under its name', async () => {
    const { keeper, fetches } = keep();
    await fetches[0]!.answer(keys(['a']));
    expect(keeper.hasCachedKey(wanted('a'))).toBe(true);
    expect(keeper.hasCachedKey(wanted('a', failed))).toBe(false);
    const logins = Array.from({ length: 100 }, async () => keeper.keysFor(wanted('a', failed)));
    await settle();
    expect(fetches).toHaveLength(2);
    await fetches[1]!.answer(withKeys(replaced('a')));
    for (const answer of await Promise.all(logins)) {
      expect(answer).toMatchObject({ keys: [{ kid: 'a', x: 'replaced' }] });
    }
    expect(keeper.hasCachedKey(wanted('a', failed))).toBe(true);
    expect(fetches).toHaveLength(2);
  });

  it('is looked for again where it has no name', async () => {
    const { keeper, fetches } = keep();
    const { kid: _kid, ...nameless } = keySet('a').keys[0]!;
    await fetches[0]!.answer(withKeys(nameless));
    const login = keeper.keysFor({ keyID: undefined, algorithm: 'ES256', failed: [nameless] });
    await settle();
    await fetches[1]!.answer(withKeys({ ...nameless, x: 'replaced' }));
    expect(await login).toMatchObject({ keys: [{ x: 'replaced' }] });
  });

  it('costs one retrieval for each cooldown, together with keys that are not there', async () => {
    const { keeper, fetches } = keep();
    await fetches[0]!.answer(keys(['a', 'b']));
    const forged = async (): Promise<KeySet | Refusal> => {
      const login = keeper.keysFor(wanted('a', failed));
      await settle();
      if (fetches.length > asked) await fetches.at(-1)!.answer(keys(['a', 'b']));
      return login;
    };
    let asked = fetches.length;
    for (const [seconds, retrievals] of [
      [0, 2],
      [0, 2],
      [29.5, 2],
      [0.5, 3],
    ] as const) {
      await pass(seconds);
      expect(kidsOf(await forged())).toEqual(['a', 'b']);
      expect(fetches).toHaveLength(retrievals);
      asked = fetches.length;
    }
    expect(kidsOf(await keeper.keysFor(wanted('unknown')))).toEqual(['a', 'b']);
    expect(fetches).toHaveLength(3);
  });
});

describe('that takes the place of another', () => {
  it('goes on with what that held, at its age, and finds out at once whether the new terms hold', async () => {
    const before = keep();
    await before.fetches[0]!.answer(keys(['a'], { etag: '"1"' }));
    await pass(100);
    before.keeper.stop();
    const source = `${OWNER.source} and another`;
    const after = keep({ owner: { source }, held: before.keeper.held() });
    expect(await after.login('a')).toEqual(['a']);
    expect(after.keeper.status()).toMatchObject({ keyCount: 1, age: 100 });
    expect(after.fetches.map(({ etag }) => etag)).toEqual(['"1"']);
    await after.fetches[0]!.answer(FAILED);
    expect(await after.login('a')).toEqual(['a']);
    expect(after.written.at(-1)).toMatchObject({
      source,
      fetchedAt: START,
      lastError: 'connection refused',
    });
    await failFor(after, 3501);
    expect(await after.login('a')).toMatchObject({ code: 'ERR_KEYS_UNAVAILABLE' });
  });

  it('waits for the next refresh where the source is the same', async () => {
    const before = keep();
    await before.fetches[0]!.answer(keys(['a']));
    await pass(100);
    const after = keep({ owner: { refreshInterval: 300 }, held: before.keeper.held() });
    expect(after.fetches).toHaveLength(0);
    expect(await untilNextFetch(after)).toBe(200);
  });

  it('keeps to the cooldown of a key that was looked for', async () => {
    const before = keep();
    await before.fetches[0]!.answer(keys(['a']));
    const waiting = before.keeper.keysFor(wanted('x'));
    await settle();
    await before.fetches[1]!.answer(keys(['a']));
    await waiting;
    const after = keep({ held: before.keeper.held() });
    expect(await after.login('x')).toEqual(['a']);
    expect(after.fetches).toHaveLength(0);
  });

  it('holds nothing before the first retrieval', () => {
    expect(keep().keeper.held()).toBeUndefined();
  });
});

describe('stopped', () => {
  it('while a retrieval is under way: who waits gets its keys, and nothing else comes of it', async () => {
    const kept = keep();
    const waiting = kept.keeper.keysFor(wanted('a'));
    kept.keeper.stop();
    await kept.fetches[0]!.answer(keys(['a']));
    expect(kidsOf(await waiting)).toEqual(['a']);
    expect(kept.written).toEqual([]);
    expect(kept.told).toEqual([]);
    await pass(2000);
    expect(kept.fetches).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('while a retrieval is under way that fails: who waits is told why', async () => {
    const kept = keep();
    const waiting = kept.keeper.keysFor(wanted('a'));
    kept.keeper.stop();
    await kept.fetches[0]!.answer(FAILED);
    expect(await waiting).toEqual(
      unavailable(
        "the issuer's keys could not be retrieved, and none are remembered: connection refused",
      ),
    );
    expect(kept.told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('before a login asks that began under it: the issuer is asked for that one', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    kept.keeper.stop();
    const waiting = kept.keeper.keysFor(wanted('b'));
    await settle();
    await kept.fetches[1]!.answer(keys(['a', 'b']));
    expect(kidsOf(await waiting)).toEqual(['a', 'b']);
    expect(kept.written).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('before a refresh is due: there is none, and a decision under way still has its keys', async () => {
    const kept = keep();
    await kept.fetches[0]!.answer(keys(['a']));
    kept.keeper.stop();
    expect(await kept.login('a')).toEqual(['a']);
    await pass(2000);
    expect(kept.fetches).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
