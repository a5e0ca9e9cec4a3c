// For which logins an entry is, whatever the token: what is demanded, what is seen, and what is refused.
import { describe, expect, it } from 'vitest';

import { admissionChecks, type LoginOrigin } from '../../src/policy/admission-checks.ts';
import { fileHint } from '../../src/policy/file-hint.ts';
import { findRefusal } from '../../src/verify/checks/check.ts';

const login = (source: string | undefined, service = 'postgresql'): LoginOrigin => ({
  service,
  source,
});
const MOVE = 'Add the network of the client to pam.sources if it may log in from there.';
const ADDRESS = 'Take pam_use_hostname=1 out of pg_hba.conf: only addresses can be compared.';

describe('an entry', () => {
  it('that says nothing is for every login', () => {
    expect(admissionChecks({})).toEqual([]);
  });

  it('is for the services it names', () => {
    const checks = admissionChecks({ services: ['a', 'b'] });
    expect(checks.map(({ name, expected }) => [name, expected])).toEqual([
      ['service', 'one of "a", "b" (pam.services)'],
    ]);
    expect(checks[0]?.seen(login(undefined, 'b'))).toBe('"b"');
    expect(findRefusal(checks, login(undefined, 'b'))).toBeUndefined();
    expect(findRefusal(checks, login(undefined, 'c'))).toMatchObject({
      code: 'ERR_SERVICE_NOT_PERMITTED',
      message: 'PAM service "c"; expected one of "a", "b" (pam.services)',
      hint: 'The line of pg_hba.conf (pamservice=), or a pooler in front, names the service: see which one the client meets.',
    });
    expect(admissionChecks({ services: ['a'] })[0]?.expected).toBe('"a" (pam.services)');
  });

  it.each<readonly [source: string | undefined, seen: string, hint: string | undefined]>([
    ['10.1.2.3', '"10.1.2.3"', undefined],
    ['11.1.2.3', '"11.1.2.3"', MOVE],
    [undefined, 'the unix socket', MOVE],
    ['db-1', '"db-1", which is no IP address', ADDRESS],
    ['', '"", which is no IP address', ADDRESS],
  ])('is for the sources it names: %j', (source, seen, hint) => {
    const checks = admissionChecks({ sources: ['10.0.0.0/8', 'fd00::/8'] });
    const expected = 'one of "10.0.0.0/8", "fd00::/8" (pam.sources)';
    expect(checks.map((check) => [check.name, check.expected])).toEqual([['source', expected]]);
    expect(checks[0]?.seen(login(source))).toBe(seen);
    const refused = {
      code: 'ERR_SOURCE_NOT_PERMITTED',
      message: `the client comes from ${seen}; expected ${expected}`,
      hint,
    };
    const { code, message, hint: advice } = findRefusal(checks, login(source)) ?? {};
    expect({ code, message, hint: advice }).toEqual(
      hint === undefined ? { code: undefined, message: undefined, hint: undefined } : refused,
    );
  });

  it('may be for the unix socket alone, and for both a service and a source', () => {
    const checks = admissionChecks({ services: ['a'], sources: ['local'] });
    expect(checks.map(({ expected }) => expected)).toEqual([
      '"a" (pam.services)',
      '"local" (pam.sources)',
    ]);
    expect(findRefusal(checks, login(undefined, 'a'))).toBeUndefined();
    expect(findRefusal(checks, login('127.0.0.1', 'a'))).toMatchObject({
      code: 'ERR_SOURCE_NOT_PERMITTED',
    });
    expect(findRefusal(checks, login(undefined, 'b'))).toMatchObject({
      code: 'ERR_SERVICE_NOT_PERMITTED',
    });
  });
});

it.each([
  [
    'missing',
    'Check the path; a relative one in issuers.yaml counts from the folder of that file.',
  ],
  [
    'unreadable',
    'Let this user read it and enter the folders above it, or run pgtoken as a user who may.',
  ],
  [
    'untrusted',
    'It must belong to root or to the user that runs pgtoken, and only its owner may write it.',
  ],
  ['unsupported', undefined],
] as const)('a file that is %s comes with advice that fits', (fault, hint) => {
  expect(fileHint({ ok: false, fault, reason: 'x' })).toBe(hint);
});
