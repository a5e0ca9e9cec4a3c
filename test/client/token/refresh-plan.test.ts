// When a source is looked at again.
import { describe, expect, it } from 'vitest';

import { recheckPause, refreshPause, retryPause } from '../../../src/client/token/refresh-plan.ts';
import { clientToken } from '../make-token.ts';

/** Issued at 1000, for 600 seconds. */
const token = clientToken({ iat: 1000, exp: 1600 });

describe('a source that has to be asked', () => {
  it.each([
    ['80 % of its life after a token was issued', 1000, 0, 480],
    ['up to 5 % of it sooner, at random', 1000, 1, 450],
    ['so much less as the token is older', 1100, 0, 380],
    ['at a quarter of the rest where it still gives the one from before', 1520, 0, 20],
    ['once a second at most', 1599, 0, 1],
    [
      'as if it were issued now where the clock of this host is an hour behind',
      1000 - 3600,
      0,
      480,
    ],
    ['once a second where the clock is an hour ahead', 1000 + 3600, 0, 1],
  ])('is asked %s', (_when, now, random, pause) => {
    expect(refreshPause(token, now, random)).toBeCloseTo(pause, 6);
  });

  it('goes by what is left of a token without iat', () => {
    expect(refreshPause(clientToken({ iat: undefined, exp: 1600 }), 1000, 0)).toBeCloseTo(480);
  });
});

it('a file whose changes are told is read all the same, every 30 seconds or four times before its token ends', () => {
  expect([1000, 1560, 1599].map((now) => recheckPause(token, now))).toEqual([30, 10, 1]);
});

it('a source that fails is asked after 1, 2, 4 … and at most 30 seconds, or half of that', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((failures) => retryPause(failures, 0))).toEqual([
    1, 2, 4, 8, 16, 30, 30,
  ]);
  expect(retryPause(1, 1)).toBe(0.5);
});
