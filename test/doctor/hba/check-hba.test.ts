// Lines of pg_hba.conf that use the service: what the end-to-end tests do not plant.
import { describe, expect, it } from 'vitest';

import { checkFiles, examineLines as lines } from './check-lines.ts';

describe('a line', () => {
  it.each<readonly [line: string, fault: string | undefined]>([
    ['local all all pam pamservice=x', undefined],
    ['hostssl all all all pam pamservice=x', undefined],
    ['hostssl all all all pam pamservice=X', undefined],
    ['hostssl all all all pam pamservice=x clientcert=verify-full', undefined],
    ['hostssl all all all pam pamservice=x pam_use_hostname=0', undefined],
    ['hostssl all all all pam pamservice=x pam_use_hostname=1', 'hba-hostname'],
    ['host all all 127.0.0.1/32 pam pamservice=x', undefined],
    ['host all all samehost pam pamservice=x', undefined],
    ['hostnossl all all 10.0.0.0/8 pam pamservice=x', 'hba-cleartext'],
    ['host all all 10.0.0.0/8 pam pamservice=x', 'hba-cleartext'],
    ['local all all pam pamservice=x clientcert=verify-full', 'hba-option'],
    ['hostssl all all all pam pamservice=x krb_realm=y', 'hba-option'],
  ])('%s: %s', (line, fault) => {
    expect(lines(line).map((one) => one.fault)).toEqual([fault]);
  });

  it('with host is safe where a line above takes what has no TLS', () => {
    expect(
      lines('hostnossl all all all reject', 'host all all 10.0.0.0/8 pam pamservice=x'),
    ).toMatchObject([{ level: 'ok', subject: '/hba:2' }]);
  });

  it('with host loses what has TLS to one above, and keeps the rest', () => {
    expect(
      lines('hostssl all all all scram-sha-256', 'host all all 10.0.0.0/8 pam pamservice=x'),
    ).toMatchObject([
      {
        level: 'warning',
        fault: 'hba-partly-shadowed',
        message:
          'not used with TLS: line 1 (hostssl, scram-sha-256) above it takes those connections',
        hint: 'Move this line above line 1.',
      },
      { level: 'failure', fault: 'hba-cleartext' },
    ]);
  });

  it('is taken by two together', () => {
    expect(
      lines(
        'host all all 0.0.0.0/0 md5',
        'host all all ::/0 md5',
        'hostssl all all all pam pamservice=x',
      ),
    ).toMatchObject([
      {
        fault: 'hba-shadowed',
        message:
          'never used: line 1 (host, md5) with line 2 (host, md5) above it is broader, and the first line that matches decides',
        hint: 'Move this line above line 1.',
      },
    ]);
  });

  it('without pamservice asks the service postgresql', () => {
    const found = lines('hostssl all all all pam');
    expect(found.map(({ fault, message }) => [fault, message])).toEqual([
      [
        'hba-service',
        'pamservice=postgresql, and there is no such service: every login by this line is denied',
      ],
      ['hba-unused', 'no line sends logins to PAM service x; pam lines name postgresql'],
    ]);
  });
});

describe('the file', () => {
  const own = { text: 'hostssl all all all pam pamservice=x' };
  const other = { text: 'host all all all md5' };

  it('is looked for where Debian has its clusters, and those without the service do not matter', () => {
    const found = checkFiles({
      '/etc/postgresql/15/main/pg_hba.conf': other,
      '/etc/postgresql/17/app/pg_hba.conf': own,
    });
    expect(found).toMatchObject([{ level: 'ok', subject: '/etc/postgresql/17/app/pg_hba.conf:1' }]);
  });

  it('need not name all services, where others do', () => {
    const people = { text: 'hostssl all all all pam pamservice=people' };
    const found = checkFiles(
      { '/etc/postgresql/15/main/pg_hba.conf': people, '/etc/postgresql/17/app/pg_hba.conf': own },
      undefined,
      ['x', 'people'],
    );
    expect(found.map(({ level }) => level)).toEqual(['ok', 'ok']);
  });

  it.each([1, 2])('without the service is told where all %i are', (count) => {
    const paths = ['15', '17']
      .slice(0, count)
      .map((one) => `/etc/postgresql/${one}/main/pg_hba.conf`);
    const found = checkFiles(Object.fromEntries(paths.map((path) => [path, other])));
    expect(found.map(({ fault, subject }) => [fault, subject])).toEqual(
      paths.map((path) => ['hba-unused', path]),
    );
  });

  it('that is nowhere is a warning', () => {
    expect(checkFiles({})).toMatchObject([
      {
        level: 'warning',
        fault: 'hba-unknown',
        message:
          'not looked at: none in /etc/postgresql, and no server runs here that may be asked',
        hint: 'Name it with --hba FILE, or let the server say where it is: --db CONNSTRING.',
      },
    ]);
  });
});
