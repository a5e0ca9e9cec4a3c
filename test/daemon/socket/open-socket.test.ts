// Where the daemon listens when it makes the socket itself, and every reason not to. Sockets that systemd hands over are
// in test/cli/serve/serve.test.ts, as they need a process of their own.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  openSocket,
  type OpenSocket,
  type SocketOptions,
} from '../../../src/daemon/socket/open-socket.ts';
import { StartupError } from '../../../src/daemon/startup-error.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let path: string;
let servers: Server[];

beforeEach(async () => {
  folder = await createTemporaryFolder('socket');
  path = join(folder.path, 'pgtoken.sock');
  servers = [];
});

afterEach(async () => {
  for (const server of servers) server.close();
  await folder.remove();
});

function newServer(): Server {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).end('here');
  });
  servers.push(server);
  return server;
}

async function open(options: Partial<SocketOptions> = {}, server = newServer()) {
  return openSocket(server, { path, group: undefined, env: {}, ...options });
}

/** The reason why it cannot listen there. */
async function refusal(options: Partial<SocketOptions> = {}): Promise<StartupError> {
  const server = newServer();
  const failure = await open(options, server).catch((error: unknown) => error);
  expect(server.listening).toBe(false);
  if (!(failure instanceof StartupError)) throw new Error('it listens, or failed otherwise');
  return failure;
}

/** Runs as a user who has no rights when run by root; others have none anyway. @returns also the user's ID. */
async function asNobody<T>(action: () => Promise<T>): Promise<readonly [result: T, user: number]> {
  const { geteuid, seteuid, setegid, getegid } = process;
  const [user, group] = [geteuid!(), getegid!()];
  if (user !== 0) return [await action(), user];
  setegid!(65_534);
  seteuid!(65_534);
  try {
    return [await action(), 65_534];
  } finally {
    seteuid!(user);
    setegid!(group);
  }
}

async function answers(at = path): Promise<boolean> {
  const client = connect(at);
  const first = await new Promise<Buffer>((resolve) => client.once('data', resolve));
  return first.toString() === 'here';
}

/** A socket that nobody listens on any more: its server could not unlink this name of it. */
async function makeStaleSocket(): Promise<void> {
  const server = createServer();
  server.listen(`${path}.other`);
  await once(server, 'listening');
  linkSync(`${path}.other`, path);
  server.close();
  await once(server, 'close');
}

describe('makes a socket', () => {
  it('that owner and group may use and nobody else, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const socket = await open();
      expect(socket.description).toBe(path);
      expect(statSync(path).mode & 0o7777).toBe(0o660);
      expect(process.umask()).toBe(0);
      expect(await answers()).toBe(true);
    } finally {
      process.umask(umask);
    }
  });

  it.each(['name', 'number'])('for a group, by %s', async (by) => {
    // Root may choose any, others only from their own.
    const isRoot = process.geteuid!() === 0;
    const gid = isRoot ? 1 : process.getgroups!().at(-1)!;
    const [name = ''] = execFileSync('getent', ['group', String(gid)])
      .toString()
      .split(':');
    await open({ group: by === 'name' ? name : String(gid) });
    expect(statSync(path)).toMatchObject({ gid, uid: process.geteuid!() });
    expect(statSync(path).mode & 0o7777).toBe(0o660);
  });

  it('in the place of one that nobody listens on any more', async () => {
    await makeStaleSocket();
    await open();
    expect(await answers()).toBe(true);
  });

  it('at a path of 107 bytes', async () => {
    path = `${folder.path}/${'x'.repeat(106 - folder.path.length)}`;
    expect(Buffer.byteLength(path)).toBe(107);
    await open();
    expect(await answers()).toBe(true);
  });

  it('and removes it in the end', async () => {
    const server = newServer();
    const socket: OpenSocket = await open({}, server);
    server.close();
    socket.close();
    expect(existsSync(path)).toBe(false);
    socket.close(); // nothing there: nothing to do
  });

  it.each([
    ['is for another process', { LISTEN_PID: '1', LISTEN_FDS: '1' }],
    ['is for nobody', { LISTEN_FDS: '1' }],
    ['has no number', { LISTEN_PID: String(process.pid), LISTEN_FDS: 'many' }],
    ['has nothing in it', { LISTEN_PID: String(process.pid), LISTEN_FDS: '0' }],
  ])('when what systemd hands over %s', async (_what, env) => {
    expect((await open({ env })).description).toBe(path);
    expect(await answers()).toBe(true);
  });
});

describe('does not start', () => {
  it.each<[what: string, make: () => void]>([
    ['a file', () => writeFileSync(path, 'precious')],
    ['a folder', () => mkdirSync(path)],
    ['a symbolic link', () => symlinkSync('/nonexistent', path)],
  ])('where the path is %s, and leaves it alone', async (_what, make) => {
    make();
    const before = lstatSync(path);
    expect(await refusal()).toMatchObject({
      message: `${path} exists and is no socket`,
      hint: 'Choose another --socket, or remove what is there.',
    });
    expect(lstatSync(path).ino).toBe(before.ino);
  });

  it('where the path has 108 bytes', async () => {
    // 107 letters, one of them of two bytes.
    path = `${folder.path}/ä${'x'.repeat(105 - folder.path.length)}`;
    expect(path).toHaveLength(107);
    expect(await refusal()).toMatchObject({
      message: `socket path ${path} has 108 bytes; expected at most 107`,
      hint: 'Choose another --socket.',
    });
  });

  it('where the path is relative', async () => {
    path = 'pgtoken.sock';
    expect(await refusal()).toMatchObject({
      message: 'socket path pgtoken.sock is relative; expected an absolute path',
      hint: 'Choose another --socket.',
    });
  });

  it.each<[what: string, folderOf: () => string]>([
    ['does not exist', () => join(folder.path, 'missing')],
    [
      'is a file',
      () => {
        writeFileSync(join(folder.path, 'file'), '');
        return join(folder.path, 'file');
      },
    ],
  ])('where the folder %s', async (_what, folderOf) => {
    path = join(folderOf(), 'pgtoken.sock');
    expect(await refusal()).toMatchObject({
      message: `the folder of ${path} does not exist`,
      hint: 'Create it, or choose another --socket; systemd does so with RuntimeDirectory=.',
    });
  });

  it.each([
    ['write to the folder', 0o555],
    ['enter the folder', 0o000],
  ])('where its user may not %s', async (_what, mode) => {
    chmodSync(folder.path, mode);
    const [failure, user] = await asNobody(async () => refusal());
    chmodSync(folder.path, 0o755);
    expect(failure).toMatchObject({
      message: `user ID ${user} may not make a socket at ${path}`,
      hint: 'Start it as another user, or choose another --socket.',
    });
  });

  it('where another one listens, which goes on', async () => {
    await open();
    expect(await refusal()).toMatchObject({
      message: `another process listens on ${path}`,
      hint: 'Stop the other daemon first, or choose another --socket.',
    });
    expect(await answers()).toBe(true);
  });

  it('for a group that there is not', async () => {
    expect(await refusal({ group: 'no-such-group' })).toMatchObject({
      message: 'there is no group no-such-group',
      hint: 'Create it, or choose another --group.',
    });
    expect(existsSync(path)).toBe(false);
  });

  it('for a group that its user is not a member of, and leaves no socket', async () => {
    chmodSync(folder.path, 0o777);
    const [failure] = await asNobody(async () => refusal({ group: '0' }));
    expect(failure).toMatchObject({
      message: `cannot give ${path} to group 0`,
      hint: 'The user of the daemon must be a member of that group, or root.',
    });
    expect(existsSync(path)).toBe(false);
  });

  it('when systemd hands over two sockets', async () => {
    const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: '2' };
    expect(await refusal({ env })).toMatchObject({
      message: 'systemd handed over 2 sockets; expected one',
      hint: 'Write a single ListenStream= in pgtoken.socket.',
    });
  });
});
