// Which of the processes that /proc shows are PostgreSQL servers of this host, on hosts that are not there.
import { describe, expect, it } from 'vitest';

import { findServers, usesHBAFile } from '../../../src/doctor/server/find-servers.ts';
import type { ServerProcess } from '../../../src/doctor/host/host.ts';
import { fakeFiles, type FakeFile } from '../fake-host.ts';

type FakeProcess = Readonly<Record<'status' | 'root' | 'ns/pid' | 'cwd', FakeFile>> &
  Readonly<Record<string, FakeFile>>;

const ROOT = {
  '/': { kind: 'folder', identity: 'root' },
  '/proc/self/ns/pid': { identity: 'pid' },
} as const;

const status = (name: string, parent: number, groups: string): FakeFile => ({
  text: `Name:\t${name}\nUmask:\t0077\nPid:\t7\nPPid:\t${parent}\nUid:\t101\t102\t101\t101\nGid:\t104\t105\t104\t104\nGroups:\t${groups}\n`,
});

const postmaster = (over: Readonly<Record<string, FakeFile>> = {}): FakeProcess => ({
  status: status('postgres', 1, '103 104 '),
  root: { identity: 'root' },
  'ns/pid': { identity: 'pid' },
  cwd: { link: '/data' },
  ...over,
});

function find(
  processes: Readonly<Record<number, Readonly<Record<string, FakeFile>>>>,
): readonly ServerProcess[] {
  let reader = 0;
  const files = Object.entries(processes).flatMap(([pid, own]) =>
    Object.entries(own).map(([name, file]) => [`/proc/${pid}/${name}`, file] as const),
  );
  return findServers(
    fakeFiles({ ...ROOT, ...Object.fromEntries(files) }, () => reader),
    (rights, look) => {
      reader = rights.uid;
      const seen = look();
      reader = 0;
      return seen;
    },
  );
}

describe('servers of this host', () => {
  it('are those that no other has started, with the groups they have', () => {
    expect(
      find({
        1: { status: status('systemd', 0, '') },
        70: postmaster(),
        71: postmaster({ status: status('postgres', 70, '103 104 ') }),
        80: postmaster({ status: status('postmaster', 1, '') }),
        90: postmaster({ status: status('bash', 1, '') }),
        91: { other: {} },
      }),
    ).toEqual([
      { pid: 70, uid: 102, gids: [105, 103, 104], folders: ['/data'] },
      { pid: 80, uid: 102, gids: [105], folders: ['/data'] },
    ]);
  });

  it.each<readonly [where: string, over: Readonly<Record<string, FakeFile>>]>([
    ['another root, such as that of a container', { root: { identity: 'other' } }],
    ['another PID namespace', { 'ns/pid': { identity: 'other' } }],
  ])('are none with %s', (_where, over) => {
    expect(find({ 70: postmaster(over), 80: postmaster() })).toMatchObject([{ pid: 80 }]);
  });

  it('are looked at with their own rights, where root may not', () => {
    const own = (file: FakeFile, reader = 102): FakeFile => ({ ...file, reader });
    const { root, 'ns/pid': namespace, cwd } = postmaster();
    const closed = (reader: number): FakeProcess =>
      postmaster({
        root: own(root, reader),
        'ns/pid': own(namespace, reader),
        cwd: own(cwd, reader),
      });
    expect(find({ 70: closed(102), 80: closed(99) })).toMatchObject([{ pid: 70 }]);
  });

  it.each<readonly [commandLine: string, folders: readonly string[]]>([
    ['/bin/postgres\0-D\0/data\0', ['/data']],
    [
      '/bin/postgres\0-D\0/data\0-c\0config_file=/etc/postgresql/17/main/postgresql.conf\0',
      ['/data', '/etc/postgresql/17/main'],
    ],
    ['postgres\0-cconfig_file=../conf/x.conf\0-i\0', ['/data', '/conf']],
    ['postgres\0--config-file=/a/x.conf\0', ['/data', '/a']],
    ['postgres\0--config_file=/a/x.conf\0', ['/data', '/a']],
    ['postgres\0-c\0my.config_file=/a/x.conf\0', ['/data']],
  ])('that were started by %j have their files in %j', (text, folders) => {
    expect(find({ 70: postmaster({ cmdline: { text } }) })).toMatchObject([{ folders }]);
  });
});

describe('a file of pg_hba.conf', () => {
  it.each([
    ['/etc/main/pg_hba.conf', true],
    ['/link/pg_hba.conf', true],
    ['/other/pg_hba.conf', false],
    ['/nowhere/pg_hba.conf', false],
  ])('%s is that of a server: %s', (path, expected) => {
    const files = fakeFiles({
      '/etc/main/pg_hba.conf': {},
      '/link/pg_hba.conf': { identity: '/etc/main/pg_hba.conf' },
      '/other/pg_hba.conf': {},
    });
    const server = { pid: 1, uid: 1, gids: [1], folders: ['/data', '/etc/main'] } as const;
    expect(usesHBAFile(server, path, { files })).toBe(expected);
  });
});
