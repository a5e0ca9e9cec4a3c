// Whose pg_hba.conf is shown to root in commands: of all that calls itself postgres, what user postgres has.
import { describe, expect, it } from 'vitest';

import { findHBAFiles } from '../../../src/init/plan/find-hba-files.ts';
import { fakeFiles, fakeHost, POSTGRES, type FakeFile } from '../../doctor/fake-host.ts';

const DATA = '/srv/data';
const HBA = `${DATA}/pg_hba.conf`;
const OWN = { uid: POSTGRES.uid };
const TEXT = 'host all all all md5\n';

async function find(
  files: Readonly<Record<string, FakeFile>>,
  {
    uid = POSTGRES.uid,
    folder = DATA,
    named,
  }: { uid?: number; folder?: string; named?: string } = {},
) {
  return findHBAFiles(
    named,
    fakeHost({
      files: fakeFiles(files),
      accounts: {
        ...fakeHost().accounts,
        findUser: async (name) => (name === 'postgres' ? POSTGRES : undefined),
      },
      findServers: () => [{ pid: 7, uid, gids: [1], folders: [folder] }],
    }),
  );
}

describe('a server of this host', () => {
  it('has its file, and where it listens', async () => {
    const found = await find({
      [DATA]: { kind: 'folder', ...OWN },
      [HBA]: { text: TEXT, ...OWN },
      [`${DATA}/postmaster.pid`]: { text: '7\n/srv/data\n1\n5433\n/run/pg one\n', ...OWN },
    });
    expect(found).toMatchObject([
      { path: HBA, server: { port: 5433, socketFolder: '/run/pg one' } },
    ]);
  });

  it.each<
    readonly [what: string, files: Readonly<Record<string, FakeFile>>, uid: number | undefined]
  >([
    [
      'that another user started',
      { [DATA]: { kind: 'folder', uid: 1000 }, [HBA]: { text: TEXT, uid: 1000 } },
      1000,
    ],
    ['that root started', { [DATA]: { kind: 'folder', uid: 0 }, [HBA]: { text: TEXT, uid: 0 } }, 0],
    [
      "in another user's folder",
      { [DATA]: { kind: 'folder', uid: 1000 }, [HBA]: { text: TEXT, ...OWN } },
      undefined,
    ],
    [
      "with another user's file",
      { [DATA]: { kind: 'folder', ...OWN }, [HBA]: { text: TEXT, uid: 1000 } },
      undefined,
    ],
    [
      'with a link in place of the file',
      { [DATA]: { kind: 'folder', ...OWN }, [HBA]: { text: TEXT, uid: 0, link: '/etc/shadow' } },
      undefined,
    ],
    [
      'with a folder in place of the file',
      { [DATA]: { kind: 'folder', ...OWN }, [HBA]: { kind: 'folder', ...OWN } },
      undefined,
    ],
  ])('is passed over: one %s', async (_what, files, uid) => {
    expect(await find(files, uid === undefined ? {} : { uid })).toEqual([]);
  });

  it('is passed over with control characters in its path', async () => {
    const folder = '/srv/a\u001b[2Jb';
    const files = {
      [folder]: { kind: 'folder' as const, ...OWN },
      [`${folder}/pg_hba.conf`]: { text: TEXT, ...OWN },
    };
    expect(await find(files, { folder })).toEqual([]);
  });
});

describe('--hba', () => {
  it.each([
    ['/none/pg_hba.conf', '--hba /none/pg_hba.conf cannot be read: no such file'],
    [
      '/etc/passwd',
      '--hba /etc/passwd is no pg_hba.conf: line 1: "root:x:0:0:root:/root:/bin/sh" is no connection type',
    ],
    ['/etc/empty', '--hba /etc/empty is no pg_hba.conf: it has no rules'],
    ['/etc/a\nb', String.raw`--hba "/etc/a\nb" has control characters in its path`],
  ])('is no file that cannot be one: %j', async (named, problem) => {
    const found = await find(
      {
        '/etc/passwd': { text: 'root:x:0:0:root:/root:/bin/sh\n' },
        '/etc/empty': { text: '\n' },
        '/etc/a\nb': { text: TEXT },
      },
      { named },
    );
    expect('problem' in found ? found.problem : '').toContain(problem);
    expect('problem' in found ? found.hint : '').toBe(
      'Name the pg_hba.conf of the server, or leave it out.',
    );
  });

  it('is one of another name that can be one, whoever owns it', async () => {
    const files = { '/srv/my-hba': { text: TEXT, uid: 1000 } };
    expect(await find(files, { named: '/srv/my-hba' })).toMatchObject([
      { path: '/srv/my-hba', server: undefined },
    ]);
  });
});
