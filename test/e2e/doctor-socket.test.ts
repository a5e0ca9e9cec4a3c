// `pgtoken doctor` on a host with one fault at a time at the daemon's socket: it names that fault and its fix, and no other.
import { chmod, chown } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fault, SERVICE, startExaminedHost, type ExaminedHost } from '../support/examined-host.ts';
import { runChecked } from '../support/run-checked.ts';

const stack = new AsyncDisposableStack();
let host: ExaminedHost;

beforeAll(async () => {
  host = stack.use(await startExaminedHost());
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** The service asks at a socket of this test. */
async function pamFolderFor(socket: string): Promise<string> {
  const line = `required ${host.daemonHost.installation.module} socket=${socket}`;
  return host.newPAMFolder(`auth ${line}`, `account ${line}`);
}

async function listen(
  socket: string,
  onConnection?: Parameters<typeof createServer>[1],
): Promise<Server & AsyncDisposable> {
  const server = createServer({}, onConnection);
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o660);
  await chgrpToServer(socket);
  return server;
}

describe('names the fault and the fix where, at the socket,', () => {
  const START = 'Start it (systemctl restart pgtoken), and see its log: journalctl -u pgtoken.';

  it('there is none', async () => {
    const socket = join(await host.newFolder(), 'pgtoken.sock');
    expect(await host.faultsOf({ pamDir: await pamFolderFor(socket), socket })).toEqual([
      fault(
        'failure',
        'socket-missing',
        socket,
        'no such file: the daemon does not run, or listens elsewhere',
        'Start it: systemctl enable --now pgtoken.socket; or compare socket= in the service file with --socket of pgtoken serve.',
      ),
    ]);
  });

  it('the module asks at another one', async () => {
    const pamDir = await pamFolderFor('/run/pgtoken/other.sock');
    expect(await host.faultsOf({ pamDir })).toEqual([
      fault(
        'failure',
        'service-socket',
        `${join(pamDir, SERVICE)}:1`,
        `the module asks at /run/pgtoken/other.sock; expected ${host.daemonHost.socket} (--socket)`,
        `Write socket=${host.daemonHost.socket} in both lines.`,
      ),
    ]);
  });

  it('its group is the wrong one', async () => {
    const socket = join(await host.newFolder(), 'pgtoken.sock');
    await using _server = await listen(socket, answerInOrder);
    await chown(socket, 0, 65_534);
    expect(await host.faultsOf({ pamDir: await pamFolderFor(socket), socket })).toEqual([
      fault(
        'failure',
        'socket-denied',
        socket,
        'owner root, group nogroup, mode 0660 keep user postgres from connecting',
        "Write SocketGroup=postgres and SocketMode=0660 in pgtoken.socket, or start the daemon with --group postgres; or make postgres a member of the socket's group and restart PostgreSQL.",
      ),
    ]);
  });

  it('the server may not enter its folder', async () => {
    const above = await host.newFolder();
    const socket = join(above, 'pgtoken.sock');
    await using _server = await listen(socket, answerInOrder);
    await chmod(above, 0o700);
    expect(await host.faultsOf({ pamDir: await pamFolderFor(socket), socket })).toEqual([
      fault(
        'failure',
        'socket-denied',
        socket,
        `mode 0700 of ${above} keeps user postgres from getting there`,
        `Run:\n  chmod a+x ${above}`,
      ),
    ]);
  });

  it('others could put another one there, and everybody may ask', async () => {
    const above = await host.newFolder();
    const socket = join(above, 'pgtoken.sock');
    await using _server = await listen(socket, answerInOrder);
    await chmod(socket, 0o666);
    await chmod(above, 0o777);
    expect(await host.faultsOf({ pamDir: await pamFolderFor(socket), socket })).toEqual([
      fault(
        'failure',
        'socket-folder-writable',
        above,
        'owner root, mode 0777: others than root and the daemon could put another socket there, and so decide who logs in',
        `Run:\n  chown pgtoken ${above} && chmod go-w ${above}`,
      ),
      fault(
        'warning',
        'socket-open',
        socket,
        'owner root, group postgres, mode 0666: every user of this host may ask whether a token is good; expected 0660',
        'Write SocketMode=0660 in pgtoken.socket; a socket that the daemon makes itself has that mode.',
      ),
    ]);
  });

  it('an ordinary file is in its place', async () => {
    const socket = await host.newFile('pgtoken.sock', '');
    expect(await host.faultsOf({ pamDir: await pamFolderFor(socket), socket })).toEqual([
      fault(
        'failure',
        'socket-kind',
        socket,
        'it is a file; expected a socket',
        'Move it away, then start the daemon.',
      ),
    ]);
  });

  it('the daemon is down', async () => {
    const socket = join(await host.newFolder(), 'pgtoken.sock');
    // Whoever is killed leaves it behind.
    await runChecked('sh', [
      '-c',
      'timeout -s KILL 20 "$1" -e "require(\'net\').createServer().listen(process.argv[1], () => process.kill(process.pid, \'SIGKILL\'))" "$2" || true',
      'sh',
      process.execPath,
      socket,
    ]);
    await chmod(socket, 0o660);
    await chgrpToServer(socket);
    expect(await host.faultsOf({ pamDir: await pamFolderFor(socket), socket })).toEqual([
      fault('failure', 'daemon-down', socket, 'nobody listens', START),
    ]);
  });

  it.each([
    ['granted\0', 'daemon-garbled', 'it answers "granted"; expected denied ERR_NOT_A_TOKEN'],
    ['', 'daemon-garbled', 'it closes without an answer; expected denied ERR_NOT_A_TOKEN'],
    [
      'HTTP/1.1 400 Bad Request\r\n',
      'daemon-garbled',
      'it answers "HTTP/1.1 400 Bad Request??"; expected denied ERR_NOT_A_TOKEN',
    ],
    [
      'unavailable ERR_INTERNAL out of memory\0',
      'daemon-unavailable',
      'it cannot decide: unavailable ERR_INTERNAL out of memory',
    ],
  ])('what listens there answers %j', async (reply, name, message) => {
    const socket = join(await host.newFolder(), 'pgtoken.sock');
    await using _server = await listen(socket, (client) => {
      client.resume().end(reply);
    });
    const { faults } = await host.examine({
      pamDir: await pamFolderFor(socket),
      socket,
    });
    expect(faults).toEqual([
      expect.objectContaining({ level: 'failure', fault: name, subject: socket, message }),
    ]);
  });

  it('there is no such user', async () => {
    const { faults } = await host.examine({ more: ['--user=nosuchuser'] });
    expect(faults).toEqual([
      fault(
        'failure',
        'socket-user',
        host.daemonHost.socket,
        'there is no user nosuchuser on this host',
        'Name the user that PostgreSQL runs as: --user NAME.',
      ),
    ]);
  });
});

/** The group of PostgreSQL's user. */
async function chgrpToServer(path: string): Promise<void> {
  await runChecked('chgrp', ['postgres', path]);
}

function answerInOrder(client: Socket): void {
  client.resume().end('denied ERR_NOT_A_TOKEN x\0');
}
