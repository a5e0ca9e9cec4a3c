// Names made short enough for PostgreSQL, and never two names into one.
import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { shortenRole } from '../../src/roles/shorten-role.ts';

const digits = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 8);

describe('a role', () => {
  it.each([
    '',
    'a',
    'foo:myservice',
    'x'.repeat(63),
    `${'ü'.repeat(31)}x`,
    'a_12345678',
    '日本',
    // One byte less than the shortest outcome, and digits that are not at the end.
    `${'x'.repeat(50)}_12345678`,
    `${'x'.repeat(50)}_12345678-job`,
    `${'x'.repeat(50)}_12345678\n`,
  ])('that fits stays as it is: %j', (role) => {
    expect(shortenRole(role)).toBe(role);
  });

  it.each<readonly [what: string, role: string, kept: string]>([
    ['of 64 bytes', 'x'.repeat(64), 'x'.repeat(54)],
    ['of 64 bytes in 32 letters', 'ü'.repeat(32), 'ü'.repeat(27)],
    ['with a letter of two bytes across the cut', `x${'ü'.repeat(40)}`, `x${'ü'.repeat(26)}`],
    ['with a letter of three bytes across the cut', `xx${'日'.repeat(40)}`, `xx${'日'.repeat(17)}`],
    ['with a letter of four bytes across the cut', `x${'😀'.repeat(40)}`, `x${'😀'.repeat(13)}`],
    ['that is very long', 'abc'.repeat(10_000), 'abc'.repeat(18)],
  ])('%s is cut and gets the digits of the whole', (_what, role, kept) => {
    expect(shortenRole(role)).toBe(`${kept}_${digits(role)}`);
  });

  it('that looks like the outcome is shortened as well, or it could be that of another', () => {
    const long = `analytics:${'quarterly-report-'.repeat(4)}job`;
    const outcome = shortenRole(long);
    expect(Buffer.byteLength(outcome)).toBe(63);
    expect(shortenRole(outcome)).toBe(`${outcome.slice(0, 54)}_${digits(outcome)}`);
    expect(shortenRole(outcome)).not.toBe(outcome);

    const wide = shortenRole(`xxx${'😀'.repeat(40)}`);
    expect(Buffer.byteLength(wide)).toBe(60);
    expect(shortenRole(wide)).not.toBe(wide);
  });

  it('is never that of another name, and always fits', () => {
    const roles = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.string({ unit: 'binary', maxLength: 100 }).filter((text) => text.isWellFormed()),
      // Alike in what is kept, and in the form of an outcome.
      fc
        .tuple(
          fc.nat(70),
          fc.constantFrom('x', 'ü', '日', '😀'),
          fc.stringMatching(/^[0-9a-f]{8}$/),
        )
        .map(([length, letter, hex]) => `${letter.repeat(length)}_${hex}`),
      fc.tuple(fc.nat(80), fc.string({ maxLength: 4 })).map(([n, end]) => 'x'.repeat(n) + end),
    );
    fc.assert(
      fc.property(roles, roles, (a, b) => {
        const [shortA, shortB] = [shortenRole(a), shortenRole(b)];
        expect(Buffer.byteLength(shortA)).toBeLessThanOrEqual(63);
        expect(shortA.isWellFormed()).toBe(true);
        expect(shortA === shortB).toBe(a === b);
        // The outcome of one name is never what another, or itself, is left as.
        expect(shortA === a || shortenRole(shortA) !== shortA).toBe(true);
      }),
      { numRuns: 5000, seed: 20260101 },
    );
  });
});
