// Following a source: in time, one look at a time, and never without the token that is still good.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fault, type TokenResult } from '../../../src/client/token/client-token.ts';
import { followToken, type TokenFollower } from '../../../src/client/token/follow-token.ts';
import type { SourceWatcher, TokenSource } from '../../../src/client/token/token-source.ts';
import { clientToken } from '../make-token.ts';

let follower: TokenFollower | undefined;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  follower?.stop();
  vi.useRealTimers();
});

/** Follows a source that gives these one after the other, and the last of them again and again. */
function follow(
  results: readonly (TokenResult | (() => TokenResult))[],
  { watched = false, clock = () => Date.now() / 1000 } = {},
) {
  const asked: number[] = [];
  const told: string[] = [];
  let watcher: SourceWatcher | undefined;
  const source: TokenSource = {
    name: 'test',
    get: async () => {
      const result = results[Math.min(asked.length, results.length - 1)]!;
      asked.push(Date.now() / 1000);
      return typeof result === 'function' ? result() : result;
    },
    ...(watched
      ? {
          watch: (one: SourceWatcher) => {
            watcher = one;
            return { close: () => void told.push('closed') };
          },
        }
      : {}),
  };
  follower = followToken({
    source,
    clock,
    random: () => 0,
    onToken: (token) => told.push(`token until ${token.expiresAt}`),
    onFault: ({ reason }) => told.push(reason),
    onRecovery: () => told.push('well'),
    onExpired: () => told.push('expired'),
  });
  return { asked, told, follower, change: () => watcher?.onChange() };
}

const good = (iat: number, life = 600): TokenResult => ({
  ok: true,
  token: clientToken({ iat, exp: iat + life }),
});
const pass = async (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

describe('a source that has to be asked', () => {
  it('is asked at 80 % of the life of each token', async () => {
    const { asked, told } = follow([good(0), good(480), good(960)]);
    await pass(1000);
    expect(asked).toEqual([0, 480, 960]);
    expect(told).toEqual(['token until 600', 'token until 1080', 'token until 1560']);
  });

  it('is asked in time by a clock that is an hour behind', async () => {
    const { asked } = follow([good(0), good(480)], { clock: () => Date.now() / 1000 - 3600 });
    await pass(500);
    expect(asked).toEqual([0, 480]);
  });

  it('gives newer tokens by a clock that is an hour ahead, and says that they seem expired', async () => {
    const now = () => Date.now() / 1000;
    const { told, follower: one } = follow([() => good(now())], { clock: () => now() + 3600 });
    await pass(100);
    expect(one?.token?.expiresAt).toBeGreaterThan(660);
    expect(told.filter((line) => line.includes('clock of this host'))).toHaveLength(1);
  });

  it('is asked when the clock says so, where the host has slept', async () => {
    let slept = 0;
    const { asked } = follow([good(0), good(1e4)], { clock: () => Date.now() / 1000 + slept });
    await pass(10);
    slept = 9990;
    await pass(60);
    expect(asked).toEqual([0, 60]);
  });

  it('keeps the good token while it fails, tells why once, and that it is well again', async () => {
    const {
      asked,
      told,
      follower: one,
    } = follow([good(0), fault('status 500'), fault('status 502'), fault('status 500'), good(487)]);
    await pass(487);
    expect(asked).toEqual([0, 480, 481, 483, 487]);
    expect(told).toEqual(['token until 600', 'status 500', 'token until 1087', 'well']);
    expect(one?.fault).toBeUndefined();
  });

  it('tells when its token has expired and there is no other', async () => {
    const { told, follower: one } = follow([good(0), fault('gone')]);
    await pass(599);
    expect(told).toEqual(['token until 600', 'gone']);
    await pass(2);
    expect(told).toEqual(['token until 600', 'gone', 'expired']);
    expect(one?.token?.expiresAt).toBe(600);
  });

  it('is not asked any more once it is stopped', async () => {
    const { asked, follower: one } = follow([good(0)]);
    await pass(1);
    one?.stop();
    await pass(1000);
    expect(asked).toEqual([0]);
  });
});

describe('a source that tells of changes', () => {
  it('is looked at when it does, and from time to time', async () => {
    const { asked, told, change } = follow([good(0), good(5), good(5)], { watched: true });
    await pass(5);
    change();
    await pass(31);
    expect(asked).toEqual([0, 5, 35]);
    expect(told).toEqual(['token until 600', 'token until 605']);
  });

  it('is looked at once more for a change during a look, and not for each', async () => {
    const { asked, change } = follow([good(0)], { watched: true });
    for (let n = 0; n < 5; n += 1) change();
    await pass(1);
    expect(asked).toEqual([0, 0]);
  });
});
