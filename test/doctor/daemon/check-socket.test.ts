// What owner, group, mode and the system say of the socket, on hosts that are not there.
import { describe, expect, it } from 'vitest';

import { checkSocket } from '../../../src/doctor/daemon/check-socket.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { Host } from '../../../src/doctor/host/host.ts';
import { fakeFiles, fakeHost, POSTGRES, type FakeFile } from '../fake-host.ts';

const SOCKET = '/run/pgtoken/pgtoken.sock';

async function check(socket: FakeFile, over: Partial<Host> = {}): Promise<readonly Finding[]> {
  const files = fakeFiles({ [SOCKET]: { kind: 'socket', mode: 0o660, ...socket } });
  return checkSocket(SOCKET, POSTGRES, [], fakeHost({ files, ...over }));
}

/** With two servers, the second of the user and without group 103, which has this at the path of the socket. */
async function checkWithServers(
  seen: Readonly<Record<string, FakeFile>>,
): Promise<readonly Finding[]> {
  const servers = [
    { pid: 1, uid: 102, gids: [1], folders: [] },
    { pid: 77, uid: 101, gids: [104], folders: [] },
  ] as const;
  const files = fakeFiles({ [SOCKET]: { kind: 'socket', mode: 0o660, gid: 103 }, ...seen });
  return checkSocket(SOCKET, POSTGRES, servers, fakeHost({ uid: 1000, files }));
}

/** What trying it as the server's user comes to. */
const trying = (status: number | undefined): Partial<Host> => ({
  run: async () => ({ status, stdout: '', stderr: '' }),
});

/** In a folder of this user; it belongs to user 50. */
const inFolderOf = (uid: number): Partial<Host> => ({
  uid: 1000,
  files: fakeFiles({
    '/run/pgtoken': { kind: 'folder', uid, mode: 0o755 },
    [SOCKET]: { kind: 'socket', uid: 50, gid: 104, mode: 0o660 },
  }),
});

describe('the socket', () => {
  it.each<readonly [socket: FakeFile, who: string]>([
    [{ gid: 104 }, 'its group'],
    [{ gid: 103 }, 'a further group of it'],
    [{ uid: 101, mode: 0o600 }, 'the owner'],
  ])('of %j is open to the user who is %s', async (socket) => {
    expect(await check(socket, { uid: 1000 })).toMatchObject([{ level: 'ok', topic: 'socket' }]);
  });

  it.each<FakeFile>([{ gid: 99 }, { uid: 101, mode: 0o060, gid: 104 }, { gid: 104, mode: 0o600 }])(
    'of %j is not',
    async (socket) => {
      expect(await check(socket, { uid: 1000 })).toMatchObject([
        { level: 'failure', fault: 'socket-denied' },
      ]);
    },
  );

  it('is tried as the user by root, with all groups', async () => {
    const commands: string[] = [];
    await check(
      { gid: 104 },
      {
        run: async (command, args) => {
          commands.push([command, ...args].join(' '));
          return { status: 0, stdout: '', stderr: '' };
        },
      },
    );
    expect(commands).toEqual([
      `setpriv --reuid=101 --regid=104 --groups=104,103 -- test -w ${SOCKET}`,
    ]);
  });

  it('is open where an access list opens it', async () => {
    expect(await check({ gid: 99 }, trying(0))).toMatchObject([{ level: 'ok' }]);
  });

  it('is closed where the system says so, whatever the mode', async () => {
    expect(await check({ gid: 104 }, trying(1))).toEqual([
      {
        topic: 'socket',
        level: 'failure',
        fault: 'socket-denied',
        subject: SOCKET,
        message:
          'owner root, group group104, mode 0660 let user postgres connect, and yet the system does not',
        hint: 'Look for an access list (getfacl) and for what AppArmor or SELinux has logged.',
      },
    ]);
  });

  it('goes by the mode where it cannot be tried', async () => {
    expect(await check({ gid: 104 }, trying(undefined))).toMatchObject([{ level: 'ok' }]);
    expect(await check({ gid: 99 }, trying(127))).toMatchObject([{ fault: 'socket-denied' }]);
  });

  it('is closed to a server that was started before its user joined the group', async () => {
    const findings = await checkWithServers({
      [`/proc/77/root${SOCKET}`]: { identity: SOCKET },
    });
    expect(findings).toEqual([
      {
        topic: 'socket',
        level: 'failure',
        fault: 'socket-groups',
        subject: SOCKET,
        message:
          'owner root, group group103, mode 0660: user postgres may connect, but the server that runs (process 77) was started before it was in that group',
        hint: 'Restart PostgreSQL.',
      },
    ]);
  });

  it.each<readonly [what: string, seen: Readonly<Record<string, FakeFile>>, level: string]>([
    ['another socket', { [`/proc/77/root${SOCKET}`]: { identity: 'another' } }, 'ok'],
    ['nothing', { '/proc/77/root/run': {} }, 'ok'],
    ['what may not be looked at', { [`/proc/77/root${SOCKET}`]: { reader: 101 } }, 'failure'],
  ])('is closed to a server that has, at that path, %s: %s', async (_what, seen, level) => {
    expect(await checkWithServers(seen)).toMatchObject([{ level }]);
  });

  it('may lie in a folder of its own daemon, and in no other', async () => {
    expect(await check({}, inFolderOf(50))).toMatchObject([{ level: 'ok' }]);
    expect(await check({}, inFolderOf(51))).toMatchObject([
      { level: 'ok' },
      {
        fault: 'socket-folder-writable',
        subject: '/run/pgtoken',
        message:
          'owner user51, mode 0755: others than root and the daemon could put another socket there, and so decide who logs in',
      },
    ]);
  });

  it('may not lie right in /tmp, but below it', async () => {
    const tmp = { kind: 'folder', mode: 0o1777 } as const;
    const socket = { kind: 'socket', gid: 104, mode: 0o660 } as const;
    const host = (path: string): Host =>
      fakeHost({ uid: 1000, files: fakeFiles({ '/tmp': tmp, [path]: socket }) });
    expect(await checkSocket('/tmp/d/s', POSTGRES, [], host('/tmp/d/s'))).toMatchObject([
      { level: 'ok' },
    ]);
    expect(await checkSocket('/tmp/s', POSTGRES, [], host('/tmp/s'))).toMatchObject([
      { level: 'ok' },
      { fault: 'socket-folder-writable', subject: '/tmp' },
    ]);
  });
});
