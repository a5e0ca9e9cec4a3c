// Lines for the members of a role, where roles follow tokens.
import { describe, expect, it } from 'vitest';

import { checkGroupLines } from '../../../src/doctor/provision/check-group-lines.ts';
import { parseHBA } from '../../../src/doctor/hba/parse-hba.ts';
import { policyOf } from '../../support/policy-of.ts';

const PAM = 'pam pamservice=x';
const CREATES = '{create: true, onError: deny}';
const GRANTS = '{memberOf: [app], onError: deny}';

function check(
  provision: string | undefined,
  version: number | undefined,
  ...lines: readonly string[]
): string[] {
  const { rules } = parseHBA('/hba', lines.join('\n'), { read: () => undefined, list: () => [] });
  const policy = policyOf(`apiVersion: pgtoken/v1
servers: [{name: main, connection: ""}]
issuers:
- name: a
  issuer: {url: "https://a.example.com", audiences: [postgres]}
  roles: [{claim: sub}]
  ${provision === undefined ? '' : `provision: ${provision}`}
`);
  return checkGroupLines([{ rules, version }], ['x'], policy).map(
    ({ fault, subject }) => `${fault} ${subject}`,
  );
}

describe('a line by +group', () => {
  it('is told of where it is all that sends logins to PAM, as no first login comes by it', () => {
    expect(check(CREATES, 180_000, `host all +app all ${PAM}`)).toEqual(['hba-group /hba:1']);
    expect(check(CREATES, 180_000, `host all +app,+other all ${PAM}`)).toEqual([
      'hba-group /hba:1',
    ]);
    expect(check(CREATES, 180_000, `host all +app,all all ${PAM}`)).toEqual([]);
    expect(check(CREATES, 180_000, `host all "+app" all ${PAM}`)).toEqual([]);
    expect(check(CREATES, 180_000, `host all +app all md5`, `host all all all ${PAM}`)).toEqual([]);
  });

  it('is told of before 16 where roles are granted: at or above the line that sends logins to PAM', () => {
    const lines = [
      `host all +admins all md5`,
      `host all all,+app all ${PAM}`,
      `host all +below all md5`,
    ];
    expect(check(GRANTS, 150_018, ...lines)).toEqual([
      'hba-group-stale /hba:1',
      'hba-group-stale /hba:2',
    ]);
    expect(check(GRANTS, 160_000, ...lines)).toEqual([]);
    expect(check(GRANTS, undefined, ...lines)).toEqual([]);
  });

  it('is nothing where no entry provisions roles', () => {
    expect(check(undefined, 150_018, `host all +app all ${PAM}`)).toEqual([]);
  });
});
