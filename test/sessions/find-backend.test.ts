// Which backend a grant was for; and none where that is not certain.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findBackend, type FoundBackend } from '../../src/sessions/find-backend.ts';

const GRANTED = 1_767_225_600;
const SESSION = { pid: 100, role: 'app', source: '10.0.0.7', grantedAt: GRANTED };

interface Seen {
  readonly server?: string;
  readonly pid?: number;
  readonly role?: string;
  readonly address?: string | undefined;
  /** Seconds before the grant. */
  readonly age?: number;
}

function seen({
  server = 'main',
  pid = 100,
  role = 'app',
  age = 0.05,
  ...more
}: Seen): FoundBackend {
  return {
    server,
    backend: {
      pid,
      role,
      roleID: '16384',
      started: String(Math.round((GRANTED - age) * 1e6)),
      address: 'address' in more ? more.address : '10.0.0.7',
      isSuperuser: false,
    },
  };
}

describe('the backend of a grant', () => {
  it.each<[what: string, seen: Seen]>([
    ['has its process ID and role', {}],
    ['may have been at its login for ten minutes', { age: 599 }],
    ['may be seen a moment younger than the grant', { age: -0.9 }],
    // PAM may have been told a name, and NAT has many addresses.
    ['is it wherever its client is, where there is but one', { address: '10.9.9.9' }],
    ['is it over a unix socket too', { address: undefined }],
  ])('%s', (_what, one) => {
    expect(findBackend(SESSION, [seen({ pid: 99 }), seen(one)])).toEqual(seen(one));
  });

  it.each<[what: string, seen: Seen]>([
    ['another process ID', { pid: 101 }],
    ['another role', { role: 'App' }],
    ['no role that is shown', { role: '' }],
    ['been started after the grant', { age: -1.1 }],
    ['been started before any login that it can be', { age: 601 }],
  ])('is none that has %s', (_what, one) => {
    expect(findBackend(SESSION, [seen(one)])).toBe('none');
  });

  it('is none where none is seen', () => {
    expect(findBackend(SESSION, [])).toBe('none');
  });

  it.each<
    [what: string, source: string | undefined, here: string | undefined, there: string | undefined]
  >([
    ['by the address of the client', '10.0.0.7', '10.0.0.7', '10.0.0.8'],
    ['by an address of IPv6', 'fd00::7', 'fd00::7', 'fd00::8'],
    ['by there being no address', undefined, undefined, '10.0.0.7'],
    ['by there being one, where PAM was told a name', 'client.example.com', '10.0.0.7', undefined],
  ])('of two servers is told apart %s', (_what, source, here, there) => {
    const right = seen({ address: here });
    const wrong = seen({ server: 'other', address: there });
    expect(findBackend({ ...SESSION, source }, [wrong, right])).toEqual(right);
  });

  it.each<[what: string, source: string | undefined, a: string | undefined, b: string | undefined]>(
    [
      ['have the same address', '10.0.0.7', '10.0.0.7', '10.0.0.7'],
      ['have both another address', '10.0.0.7', '10.0.0.8', undefined],
      ['are both local', undefined, undefined, undefined],
      ['are both not, and PAM was told a name', 'client.example.com', '10.0.0.7', '10.0.0.8'],
    ],
  )('is ambiguous where those of two servers %s', (_what, source, a, b) => {
    const both = [seen({ address: a }), seen({ server: 'other', address: b })];
    expect(findBackend({ ...SESSION, source }, both)).toBe('ambiguous');
  });

  it('is never one that was started more than a second after the grant, or that another could be as well', () => {
    const one = fc.record({
      server: fc.constantFrom('a', 'b', 'c'),
      pid: fc.constantFrom(100, 100, 101),
      role: fc.constantFrom('app', 'app', 'other'),
      address: fc.constantFrom('10.0.0.7', '10.0.0.8', undefined),
      age: fc.double({ min: -5, max: 700, noNaN: true }),
    });
    let found = 0;
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 4 }),
        fc.constantFrom('10.0.0.7', undefined, 'name.example'),
        (all, source) => {
          const result = findBackend({ ...SESSION, source }, all.map(seen));
          if (typeof result === 'string') return;
          found += 1;
          const { pid, role, started, address } = result.backend;
          expect([pid, role]).toEqual([100, 'app']);
          expect(Number(started) / 1e6).toBeLessThanOrEqual(GRANTED + 1.000_001);
          const same = all.filter(
            (other) =>
              other.pid === 100 &&
              other.role === 'app' &&
              other.address === address &&
              other.age > -1 &&
              other.age < 600,
          );
          expect(same.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 2000 },
    );
    expect(found).toBeGreaterThan(100);
  });
});
