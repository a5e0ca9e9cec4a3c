// The line of pg_hba.conf, and the line above which it belongs.
import { describe, expect, it } from 'vitest';

import { parseHBA } from '../../../src/doctor/hba/parse-hba.ts';
import {
  formatHBALine,
  moveDown,
  placeDaemonLine,
  placeLine,
} from '../../../src/init/plan/plan-hba.ts';

const FILE = '/etc/postgresql/17/main/pg_hba.conf';
const DEBIAN = `local   all             postgres                                peer
# TYPE  DATABASE        USER            ADDRESS                 METHOD
local   all             all                                     peer
host    all             all             127.0.0.1/32            scram-sha-256
host    all             all             ::1/128                 scram-sha-256
local   replication     all                                     peer
host    replication     all             127.0.0.1/32            scram-sha-256
`;

function filesOf(text: string, mayName: (file: string) => boolean = () => true) {
  const content = parseHBA(FILE, text, { read: () => 'host all all all md5\n', list: () => [] });
  return [{ path: FILE, content, server: undefined, mayName }];
}
const plan = (text: string, line: string) => placeLine(filesOf(text), line, 'postgresql-k8s');
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
    expect(plan(text, line)).toMatchObject([{ file: FILE, above, has: false }]);
  });

  it('is there already', () => {
    expect(plan(`${ALL}\n${DEBIAN}`, ALL)).toMatchObject([{ has: true }]);
  });

  it('does not go into a file that is included and somebody else could have written', () => {
    const files = filesOf('include other.conf\n', (file) => file === FILE);
    expect(placeLine(files, ALL, 'postgresql-k8s')).toEqual([]);
    expect(plan('include other.conf\n', ALL)).toMatchObject([{ above: 1, root: FILE }]);
  });
});

describe('the line of the daemon', () => {
  it('goes above the first one over the unix socket that would take its logins', () => {
    expect(placeDaemonLine(filesOf(DEBIAN))).toMatchObject([{ above: 3, has: false }]);
    expect(placeDaemonLine(filesOf('local all pgtoken peer\n'))).toMatchObject([{ has: true }]);
  });

  it('moves what is below it', () => {
    const files = filesOf(DEBIAN);
    const places = placeLine(files, ALL, 'postgresql-k8s');
    expect(moveDown(places, placeDaemonLine(files))).toMatchObject([{ above: 5 }]);
    expect(moveDown(places, [])).toEqual(places);
  });
});

describe('names', () => {
  it.each([
    ['shop', 'shop'],
    ['sameuser,a b', 'sameuser,"a b"'],
    ['Shop', '"Shop"'],
    ['a"b', '"a""b"'],
    ['+a', '"+a"'],
  ])('of databases have the quotes that they need: %s', (database, shown) => {
    const line = formatHBALine({ service: 's', database, address: 'all', roles: undefined });
    expect(line).toBe(`hostssl ${shown} all all pam pamservice=s`);
    const parsed = parseHBA('', line, { read: () => undefined, list: () => [] });
    expect(parsed.problems).toEqual([]);
    expect(parsed.rules[0]?.databases.map(({ text }) => text)).toEqual(database.split(','));
  });
});
