// Which servers are asked, and how: on hosts that are not there.
import { describe, expect, it } from 'vitest';

import { askServers } from '../../../src/doctor/server/ask-servers.ts';
import { ownConnectionOf } from '../../../src/doctor/server/connection/own-connection.ts';
import { loadHBAFiles } from '../../../src/doctor/hba/load-hba-files.ts';
import { parseConnection } from '../../../src/doctor/server/connection/parse-connection.ts';
import type { DatabaseFacts } from '../../../src/doctor/server/read-database.ts';
import type { ServerProcess } from '../../../src/doctor/host/host.ts';
import { fakeFiles, fakeHost, type FakeFile } from '../fake-host.ts';

const pidFile = (port: string, folder: string): FakeFile => ({
  text: `70\n/data\n1764300000\n${port}\n${folder}\nlocalhost\n  5432001     65536\nready   \n`,
});

const MAIN: ServerProcess = { pid: 70, uid: 101, gids: [104], folders: ['/data', '/etc/main'] };
const OTHER: ServerProcess = { pid: 80, uid: 999, gids: [999], folders: ['/other'] };

const FILES = {
  '/data/postmaster.pid': pidFile('5433', '/run/postgresql'),
  '/other/postmaster.pid': pidFile('5434', '/tmp'),
};

const facts = (hbaFile: string): DatabaseFacts => ({
  hbaFile,
  rules: [],
  loadedAt: 0,
  settings: undefined,
  roles: [],
});

describe('a server is let in to', () => {
  it('over the socket that its own file names, and without a password', async () => {
    const connection = ownConnectionOf(MAIN, 'postgres', fakeHost({ files: fakeFiles(FILES) }));
    expect(connection).toMatchObject({
      config: {
        host: '/run/postgresql',
        port: 5433,
        user: 'postgres',
        database: 'postgres',
        ssl: false,
      },
      shown: 'host=/run/postgresql port=5433 dbname=postgres user=postgres',
    });
    const password = connection?.config.password;
    await expect(typeof password === 'function' && password()).rejects.toThrow(
      'it asks for a password',
    );
  });

  it.each<readonly [what: string, file: FakeFile]>([
    ['has no socket', pidFile('5432', '')],
    ['has one that is not in the file system', pidFile('5432', '@abstract')],
    ['has no port', pidFile('0', '/tmp')],
    ['has a port that is none', pidFile('5432 host=evil', '/tmp')],
    ['has a file that was cut', { text: '70\n/data\n' }],
    ['has a file that is not for this user', { ...pidFile('5432', '/tmp'), reader: 101 }],
  ])('never where it %s', (_what, file) => {
    const files = fakeFiles({ '/data/postmaster.pid': file });
    expect(ownConnectionOf(MAIN, 'postgres', fakeHost({ files }))).toBeUndefined();
  });
});

describe('who asks', () => {
  const asked = async (uid: number, named?: string): Promise<readonly string[]> => {
    const shown: string[] = [];
    const connection = named === undefined ? undefined : parseConnection(named);
    if (typeof connection === 'string') throw new Error(connection);
    await askServers(
      { named: connection, role: 'postgres' },
      [MAIN, OTHER],
      fakeHost({ uid, files: fakeFiles(FILES) }),
      async (to) => {
        shown.push(to.shown);
        return 'no';
      },
    );
    return shown;
  };
  const own = (folder: string, port: number): string =>
    `host=${folder} port=${port} dbname=postgres user=postgres`;

  it.each<readonly [who: string, uid: number, expected: readonly string[]]>([
    ['root asks all', 0, [own('/run/postgresql', 5433), own('/tmp', 5434)]],
    ["a server's user asks its own", 101, [own('/run/postgresql', 5433)]],
    ['another user asks none', 1000, []],
  ])('%s', async (_who, uid, expected) => {
    expect(await asked(uid)).toEqual(expected);
  });

  it('asks the server that was named, and no other', async () => {
    expect(await asked(0, 'host=db user=x')).toEqual(['host=db user=x']);
  });
});

describe('files of pg_hba.conf', () => {
  const files = {
    ...FILES,
    '/etc/main/pg_hba.conf': {},
    '/etc/postgresql/17/app/pg_hba.conf': {},
    '/other/pg_hba.conf': {},
    '/srv/pg_hba.conf': {},
  };
  const host = fakeHost({ files: fakeFiles(files) });
  const connection = { config: {}, shown: 'x' };
  const processes = [MAIN, OTHER];
  const load = (over: Partial<Parameters<typeof loadHBAFiles>[0]>): readonly unknown[] =>
    loadHBAFiles({ named: undefined, processes, servers: [], ...over }, host).map(
      ({ path, process, server }) => [path, process?.pid, server?.answer],
    );

  it('are those of servers that run, and those of Debian', () => {
    expect(load({})).toEqual([
      ['/etc/postgresql/17/app/pg_hba.conf', undefined, undefined],
      ['/etc/main/pg_hba.conf', 70, undefined],
      ['/other/pg_hba.conf', 80, undefined],
    ]);
  });

  it('are where a server says, whatever lies beside its data', () => {
    const answer = facts('/srv/pg_hba.conf');
    expect(load({ servers: [{ process: OTHER, connection, answer }] })).toEqual([
      ['/srv/pg_hba.conf', 80, answer],
      ['/etc/postgresql/17/app/pg_hba.conf', undefined, undefined],
      ['/etc/main/pg_hba.conf', 70, undefined],
    ]);
  });

  it('belong to a server that did not answer by where they are', () => {
    expect(load({ servers: [{ process: MAIN, connection, answer: 'no' }] })).toContainEqual([
      '/etc/main/pg_hba.conf',
      70,
      'no',
    ]);
  });

  it('are one where it, or a server, was named', () => {
    const named = { process: undefined, connection, answer: facts('/srv/pg_hba.conf') };
    expect(load({ servers: [named] })).toEqual([['/srv/pg_hba.conf', undefined, named.answer]]);
    expect(load({ named: '/other/pg_hba.conf', servers: [named] })).toEqual([
      ['/other/pg_hba.conf', 80, named.answer],
    ]);
    expect(load({ named: '/nowhere' })).toEqual([['/nowhere', undefined, undefined]]);
  });
});
