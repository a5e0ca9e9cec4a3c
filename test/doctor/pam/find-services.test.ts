// Which PAM services are examined where none is named.
import { describe, expect, it } from 'vitest';

import { findServices } from '../../../src/doctor/pam/find-services.ts';
import { parseHBA } from '../../../src/doctor/hba/parse-hba.ts';
import { fakeFiles, fakeHost, type FakeFile } from '../fake-host.ts';

const OURS = { text: 'auth required pam_pgtoken.so\naccount required pam_pgtoken.so\n' };
const EXEC = { text: 'auth required pam_exec.so expose_authtok /usr/bin/pgtoken pam\n' };
const FOREIGN = { text: 'auth required pam_unix.so\n' };

function find(
  services: Readonly<Record<string, FakeFile>>,
  named: readonly string[],
  listed: readonly string[] = [],
): ReturnType<typeof findServices> {
  const hba = named.map((name) => `hostssl all all all pam pamservice=${name}`).join('\n');
  const files = Object.entries(services).map(
    ([name, file]) => [`/etc/pam.d/${name}`, file] as const,
  );
  return findServices(
    parseHBA('/hba', hba, { read: () => undefined, list: () => [] }).rules,
    listed,
    ['/etc/pam.d'],
    fakeHost({ files: fakeFiles(Object.fromEntries(files)) }),
  );
}

describe('services', () => {
  it.each<
    readonly [what: string, services: readonly string[], found: ReturnType<typeof findServices>]
  >([
    [
      'that lines of pg_hba.conf name',
      ['k8s', 'people'],
      find({ k8s: OURS, people: EXEC }, ['k8s', 'People', 'k8s']),
    ],
    [
      'that include one of ours',
      ['k8s'],
      find({ k8s: { text: '@include ours\n' }, ours: OURS }, ['k8s']),
    ],
    ['but not those of others', ['k8s'], find({ k8s: OURS, ldap: FOREIGN }, ['ldap', 'k8s'])],
    ['and not what is missing beside them', ['k8s'], find({ k8s: OURS }, ['k8', 'k8s'])],
    ['that is missing, where there is no other', ['k8s'], find({ ldap: FOREIGN }, ['ldap', 'k8s'])],
    [
      'the usual one, where lines name a wrong one',
      ['postgresql-k8s'],
      find({ 'postgresql-k8s': OURS }, ['k8s']),
    ],
    ['the usual one, where nothing is named', ['postgresql-k8s'], find({}, [])],
    ['the usual one, where only others are', ['postgresql-k8s'], find({ ldap: FOREIGN }, ['ldap'])],
    [
      'that entries name, whatever is in their files',
      ['a', 'b'],
      find({ a: OURS, b: FOREIGN }, [], ['a', 'b']),
    ],
    ['that is missing, and only entries name', ['a'], find({}, [], ['a'])],
  ])('%s: %j', (_what, services, found) => {
    expect(found.services).toEqual(services);
    expect(found.expected).toEqual(services);
    expect(found.findings).toEqual([]);
  });

  it('are none where all logins are over the OAuth validator', () => {
    const oauth = 'hostssl all all all oauth issuer=https://a.example.com scope=openid';
    const rules = (text: string): ReturnType<typeof parseHBA>['rules'] =>
      parseHBA('/hba', text, { read: () => undefined, list: () => [] }).rules;
    const host = fakeHost({ files: fakeFiles({}) });
    expect(findServices(rules(oauth), ['postgresql'], ['/etc/pam.d'], host)).toEqual({
      services: [],
      expected: [],
      findings: [],
    });
    // Another name is one that the validator does not say by itself.
    expect(findServices(rules(oauth), ['k8s'], ['/etc/pam.d'], host).findings).toMatchObject([
      { fault: 'service-unused' },
    ]);
    const other = `${oauth} validator=other`;
    expect(findServices(rules(other), [], ['/etc/pam.d'], host).services).toEqual([
      'postgresql-k8s',
    ]);
    const both = `${oauth}\nhostssl all all all pam pamservice=k8s`;
    expect(findServices(rules(both), [], ['/etc/pam.d'], host).services).toEqual(['k8s']);
  });

  it('of a pooler or another program need no line, where another has one', () => {
    expect(find({ k8s: OURS, pgbouncer: OURS }, ['k8s'], ['k8s', 'pgbouncer'])).toEqual({
      services: ['k8s', 'pgbouncer'],
      expected: ['k8s'],
      findings: [],
    });
  });

  it('that only issuers.yaml knows are told', () => {
    expect(find({ k8s: OURS }, ['k8s'], ['k8s', 'ci']).findings).toEqual([
      {
        topic: 'service',
        level: 'warning',
        fault: 'service-unused',
        subject: '/etc/pam.d/ci',
        message:
          'no such file, and no line of pg_hba.conf names the service, which pam.services of issuers.yaml does',
        hint: 'Write the file and the line, or take the service out of pam.services.',
      },
    ]);
  });
});
