// Options and methods that PostgreSQL does not take. test/e2e/doctor-postgres.test.ts asks PostgreSQL itself.
import { describe, expect, it } from 'vitest';

import { checkLines, findFault } from './check-lines.ts';

describe('an option that PostgreSQL does not take', () => {
  it.each<readonly [line: string, message: string, hint: string]>([
    [
      'host all all all pam pamservise=x',
      'option pamservise=x is not for pam',
      'Correct it, or take it away; pam has pamservice, pam_use_hostname.',
    ],
    [
      'hostssl all all all pam pamservice=x map=people',
      'option map=people is not for pam',
      'Take map= away: the role rules of issuers.yaml say who may be what.',
    ],
    [
      'hostssl all all all scram-sha-256 map=people',
      'option map=people is not for scram-sha-256',
      'Correct it, or take it away; scram-sha-256 has clientcert, clientname.',
    ],
    [
      'host all all all trust toString=x',
      'option toString=x is not for trust',
      'Take it away; trust has no options.',
    ],
    [
      'host all all all pam pamservice=x clientcert=verify-full',
      'option clientcert=verify-full is for hostssl lines; this is a host line',
      'Write hostssl.',
    ],
    [
      'hostssl all all all pam pamservice=x clientcert=1',
      'option clientcert=1 has another value than verify-ca or verify-full',
      'Write a value that clientcert has.',
    ],
  ])('on %s', (line, message, hint) => {
    expect(findFault('hba-option', line)).toEqual([
      {
        topic: 'hba',
        level: 'failure',
        fault: 'hba-option',
        subject: '/hba:1',
        message: `${message}; with it PostgreSQL keeps the rules of before, and does not start`,
        hint,
      },
    ]);
  });

  it.each<readonly [line: string, reason: string]>([
    [
      'host all all all scram-sha-265',
      '"scram-sha-265" is no method; expected trust, reject, md5, password, scram-sha-256, gss, sspi, ident, peer, pam, bsd, ldap, radius, cert, oauth',
    ],
    ['host all all all PAM', '"PAM" is no method; expected '],
    ['host all all all constructor', '"constructor" is no method; expected '],
    ['host all all all peer', 'peer is for lines with local; this is a host line'],
    ['host all all all cert', 'cert is for lines with hostssl; this is a host line'],
    [
      'local all all gss',
      'gss is for lines with host, hostssl, hostnossl, hostgssenc, hostnogssenc; this is a local line',
    ],
    ['host all all all pam pamservice', '"pamservice" is no option; expected name=value'],
  ])('nor %s', (line, reason) => {
    const [found] = findFault('hba-syntax', line);
    expect(found?.message.startsWith(reason)).toBe(true);
    expect(found?.message).toMatch(/; with it PostgreSQL keeps the rules of before$/);
  });

  it('keeps a line from being called in order', () => {
    const found = checkLines('hostssl all all all pam pamservice=x bar=1');
    expect(found.map(({ fault }) => fault)).toEqual(['hba-option']);
  });

  it('may be written twice, and the last one counts', () => {
    expect(checkLines('hostssl all all all pam pamservice=y pamservice=x')).toEqual([]);
  });
});
