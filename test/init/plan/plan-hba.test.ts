// The line of pg_hba.conf, and the line above which it belongs.
import { describe, expect, it } from 'vitest';

import { formatHBALine, planHBA } from '../../../src/init/plan/plan-hba.ts';
import { fakeFiles } from '../../doctor/fake-host.ts';

const FILE = '/etc/postgresql/17/main/pg_hba.conf';
const DEBIAN = `local   all             postgres                                peer
# TYPE  DATABASE        USER            ADDRESS                 METHOD
local   all             all                                     peer
host    all             all             127.0.0.1/32            scram-sha-256
host    all             all             ::1/128                 scram-sha-256
local   replication     all                                     peer
host    replication     all             127.0.0.1/32            scram-sha-256
`;

function plan(text: string, line: string, named: string | undefined = FILE) {
  return planHBA(named, line, 'postgresql-k8s', {
    files: fakeFiles({ [FILE]: { text } }),
    findServers: () => [],
  });
}
const ALL = formatHBALine({
  service: 'postgresql-k8s',
  database: 'all',
  address: 'all',
  roles: undefined,
});

describe('the line', () => {
  it('names roles where they are known', () => {
    expect(ALL).toBe('hostssl all all all pam pamservice=postgresql-k8s');
    expect(
      formatHBALine({
        service: 's',
        database: 'shop',
        address: '10.0.0.0/8',
        roles: ['foo:bar', 'reader', 'all'],
      }),
    ).toBe('hostssl shop "foo:bar",reader,"all" 10.0.0.0/8 pam pamservice=s');
  });

  it.each([
    ['above the first one of Debian that is over TCP', DEBIAN, ALL, 4],
    ['at the end where nothing is in the way', 'local all all peer\n', ALL, undefined],
    [
      'above a broader one for its role',
      'host all alice all md5\nhost all all all md5\n',
      ALL.replace('all all', 'all bob'),
      2,
    ],
    [
      'not above what rejects',
      'host all bad all reject\nhostnossl all all all reject\nhost all all all md5\n',
      ALL,
      3,
    ],
    [
      'not above another database',
      'host replication all all md5\nhost shop all all md5\nhost all all all md5\n',
      ALL.replace('ssl all', 'ssl crm'),
      3,
    ],
    [
      'above a group that may have its role',
      'host all +staff all md5\n',
      ALL.replace('all all', 'all bob'),
      1,
    ],
    [
      'not above another network',
      'host all all 10.1.0.0/16 md5\nhost all all 10.0.0.0/8 md5\n',
      ALL.replace(' all pam', ' 10.2.0.0/16 pam'),
      2,
    ],
  ])('goes %s', (_where, text, line, above) => {
    expect(plan(text, line)).toEqual([{ file: FILE, above, has: false }]);
  });

  it('is there already', () => {
    expect(plan(`${ALL}\n${DEBIAN}`, ALL)).toMatchObject([{ has: true }]);
  });

  it('is not for a file that cannot be read', () => {
    expect(plan('', ALL, '/none/pg_hba.conf')).toEqual({
      problem: '--hba /none/pg_hba.conf cannot be read: no such file',
      hint: 'Name the pg_hba.conf of the server, or leave it out.',
    });
  });
});
