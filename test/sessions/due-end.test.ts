// When a session's time is over.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { SessionsPart } from '../../src/config/schema/schema.ts';
import { dueEndOf } from '../../src/sessions/due-end.ts';

const PART: SessionsPart = {
  end: ['expired'],
  grace: 60,
  atLeast: 300,
  maxLifetime: undefined,
  renew: false,
};
const AT = { now: 10_000, uptime: 500 };

describe('a session', () => {
  it.each<[what: string, part: Partial<SessionsPart>, expiresAt: number, end: unknown]>([
    ['ends grace after its exp', {}, 10_600, { cause: 'expired', left: 660 }],
    ['lasts for atLeast', {}, 9_000, { cause: 'expired', left: 200 }],
    ['is over once both are', { atLeast: 0 }, 9_940, { cause: 'expired', left: 0 }],
    ['ends by maxLifetime first', { maxLifetime: 150 }, 10_600, { cause: 'maxLifetime', left: 50 }],
    ['ends by exp first', { maxLifetime: 3600 }, 10_600, { cause: 'expired', left: 660 }],
    [
      'ends by exp when both come at once',
      { maxLifetime: 300 },
      0,
      { cause: 'expired', left: 200 },
    ],
    [
      'ends by maxLifetime alone',
      { end: [], maxLifetime: 90 },
      0,
      { cause: 'maxLifetime', left: -10 },
    ],
    ['does not end where nothing says so', { end: ['denied'] }, 0, undefined],
    [
      'ends by maxLifetime though its exp is none',
      { maxLifetime: 150 },
      Number.NaN,
      { cause: 'maxLifetime', left: 50 },
    ],
    [
      'with an exp without end ends by maxLifetime',
      { maxLifetime: 150 },
      1e300,
      { cause: 'maxLifetime', left: 50 },
    ],
    ['with an exp before all time lasts for atLeast', {}, -1e300, { cause: 'expired', left: 200 }],
  ])('%s', (_what, part, expiresAt, end) => {
    // It is 100 seconds old.
    const session = { expiresAt, grantedUptime: 400 };
    expect(dueEndOf(session, { ...PART, ...part }, AT)).toEqual(end);
  });

  it('of an entry that says nothing of sessions does not end', () => {
    expect(dueEndOf({ expiresAt: 0, grantedUptime: 0 }, undefined, AT)).toBeUndefined();
  });

  it('with an exp that is none is never over for it', () => {
    const due = dueEndOf({ expiresAt: Number.NaN, grantedUptime: 400 }, PART, AT);
    expect((due?.left ?? 1) <= 0).toBe(false);
  });

  it('is never over before max(exp + grace, login + atLeast) and before maxLifetime, and always after one of them', () => {
    const seconds = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(
        fc.record({
          end: fc.constantFrom<SessionsPart['end']>(
            [],
            ['expired'],
            ['denied'],
            ['expired', 'denied'],
          ),
          grace: seconds,
          atLeast: seconds,
          maxLifetime: fc.option(seconds, { nil: undefined }),
          renew: fc.boolean(),
        }),
        fc.oneof(fc.integer({ min: -200_000, max: 200_000 }), fc.double()),
        seconds,
        fc.integer({ min: -200_000, max: 200_000 }),
        (part, expiresAt, age, now) => {
          const due = dueEndOf({ expiresAt, grantedUptime: 7 }, part, { now, uptime: 7 + age });
          const isExpired =
            part.end.includes('expired') && now >= expiresAt + part.grace && age >= part.atLeast;
          const isTooOld = part.maxLifetime !== undefined && age >= part.maxLifetime;
          expect(due !== undefined && due.left <= 0).toBe(isExpired || isTooOld);
          const isOfCause = due?.cause === 'expired' ? isExpired : isTooOld;
          expect(isOfCause).toBe(isExpired || isTooOld);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
