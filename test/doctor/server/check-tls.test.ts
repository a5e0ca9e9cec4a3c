// A server that does not encrypt.
import { describe, expect, it } from 'vitest';

import { checkTLS } from '../../../src/doctor/server/check-tls.ts';
import { LOCAL, LOOPBACK, REMOTE, rules, settings } from './server-settings.ts';

describe('ssl = off', () => {
  const check = (...lines: readonly string[]): readonly string[] =>
    checkTLS('x', { hasTLS: false }, rules(...lines)).map(({ message }) => message);

  it.each([
    [REMOTE, 'ssl is off: PostgreSQL never uses /hba:1, which is for encrypted connections'],
    [
      'hostssl all all 127.0.0.1/32 pam',
      'ssl is off: PostgreSQL never uses /hba:1, which is for encrypted connections',
    ],
    ['host all all 10.0.0.0/8 pam', 'ssl is off: tokens come in clear text by /hba:1'],
  ])('with %s: %s', (line, message) => {
    expect(check(line)).toEqual([message]);
    expect(checkTLS('x', settings(), rules(line))).toEqual([]);
  });

  it('does not matter for clients of this host', () => {
    expect(check(LOOPBACK, LOCAL)).toEqual([]);
  });
});
