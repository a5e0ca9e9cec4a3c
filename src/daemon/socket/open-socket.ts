// Where the daemon listens: on the socket that systemd hands over, or on one it makes itself. Who may connect is decided
// by owner and mode of the socket and its folder, and by nothing else.
import { execFile } from 'node:child_process';
import {
  chownSync,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { lstat } from 'node:fs/promises';
import { connect, type ListenOptions, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '../../code-of.ts';
import { messageOf } from '../../message-of.ts';
import { StartupError } from '../startup-error.ts';

/** How to listen. */
export interface SocketOptions {
  /** The path to make a socket at, where systemd hands none over. */
  readonly path: string;
  /** The group, by name or number, whose members may connect; default: that of the process. */
  readonly group: string | undefined;
  /** Where systemd's LISTEN_PID and LISTEN_FDS are. */
  readonly env: NodeJS.ProcessEnv;
}

/** Where the server listens. */
export interface OpenSocket {
  /** How it is called in the log. */
  readonly description: string;
  /** Whether its file is where it was made: somebody may have removed it, or another socket have taken its place. */
  isInPlace(): Promise<boolean>;
  /** Whether it is not the daemon's to make again. */
  readonly madeBySystemd: boolean;
  /** Removes what was made. */
  close(): void;
}

/** The first descriptor that systemd hands over (sd_listen_fds(3)). */
const FIRST_LISTEN_FD = 3;
/** What fits into sun_path with its NUL (unix(7)). */
const MAX_PATH_BYTES = 107;
/** The name under which a socket is made. */
const TEMPORARY_NAME_BYTES = 6;
/** Connections that may wait to be accepted; the kernel's own limit is often lower. */
const BACKLOG = 1024;

/**
 * Makes the server listen.
 *
 * A socket that nobody listens on any more is replaced; one that is alive is an error, as is a file of another kind.
 */
export async function openSocket(server: Server, options: SocketOptions): Promise<OpenSocket> {
  const handedOver = countListenFDs(options.env);
  if (handedOver > 1) {
    throw new StartupError(
      `systemd handed over ${handedOver} sockets; expected one`,
      'Write a single ListenStream= in pgtoken.socket.',
    );
  }
  if (handedOver === 1) {
    try {
      await listen(server, { fd: FIRST_LISTEN_FD });
    } catch (error) {
      throw new StartupError(
        `cannot listen on what systemd handed over: ${messageOf(error)}`,
        'Write ListenStream= with a path in pgtoken.socket.',
        error,
      );
    }
    if (typeof server.address() === 'object' && server.address() !== null) {
      server.close();
      throw new StartupError(
        'systemd handed over a network socket; expected a unix socket',
        'Write ListenStream= with a path in pgtoken.socket.',
      );
    }
    const path = findPathOf(FIRST_LISTEN_FD);
    return {
      description: 'the socket of systemd',
      isInPlace: async () =>
        path === undefined || (await lstat(path).catch(() => undefined))?.isSocket() === true,
      madeBySystemd: true,
      close: () => undefined,
    };
  }
  const { path, group } = options;
  const owner = group === undefined ? undefined : { name: group, gid: await findGroup(group) };
  await clearPath(path);
  const made = await makeSocket(server, path, owner).catch((error: unknown) => {
    server.close();
    throw error;
  });
  const isOurs = (now: Stats | undefined): boolean =>
    now !== undefined && now.ino === made.ino && now.dev === made.dev;
  return {
    description: path,
    madeBySystemd: false,
    isInPlace: async () => isOurs(await lstat(path).catch(() => undefined)),
    close() {
      // Not the socket of a daemon that has taken our place.
      if (isOurs(lstatSync(path, { throwIfNoEntry: false }))) {
        rmSync(path, { force: true });
      }
    },
  };
}

/**
 * Makes the socket under another name, and gives it its own once it belongs to whom it should. When it is closed, Node
 * removes whatever has the name that it was made by, be it the socket of another daemon by then.
 */
async function makeSocket(
  server: Server,
  path: string,
  group: { readonly name: string; readonly gid: number } | undefined,
): Promise<Stats> {
  const name = `.${crypto.randomUUID().slice(0, TEMPORARY_NAME_BYTES - 1)}`;
  const temporary = join(dirname(path), name);
  // Only owner and group may connect, from the first moment on. The file is there when listen() returns, and other threads
  // make files too.
  const umask = process.umask(0o117);
  let listening;
  try {
    listening = listen(server, { path: temporary });
  } finally {
    process.umask(umask);
  }
  try {
    await listening;
  } catch (error) {
    throw explainPathError(path, error);
  }
  if (group !== undefined) {
    try {
      chownSync(temporary, -1, group.gid);
    } catch (error) {
      throw new StartupError(
        `cannot give ${path} to group ${group.name}`,
        'The user of the daemon must be a member of that group, or root.',
        error,
      );
    }
  }
  try {
    // rename(2) would take the place of a socket that another daemon has made just now.
    linkSync(temporary, path);
    rmSync(temporary);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw explainPathError(path, error);
    }
    // Not every file system has hard links.
    renameSync(temporary, path);
  }
  return lstatSync(path);
}

/** The path of a unix socket that is open, which the kernel alone knows; undefined where it does not tell. */
function findPathOf(descriptor: number): string | undefined {
  try {
    const { ino } = fstatSync(descriptor);
    const lines = readFileSync('/proc/self/net/unix', 'utf8').split('\n');
    // Num RefCount Protocol Flags Type St Inode Path
    return lines
      .map((line) => / (\d+) (\/.*)$/.exec(line))
      .find((found) => found?.[1] === `${ino}`)?.[2];
  } catch {
    return undefined;
  }
}

function countListenFDs(env: NodeJS.ProcessEnv): number {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = env;
  return pid === String(process.pid) && count !== undefined && /^[0-9]{1,4}$/.test(count)
    ? Number(count)
    : 0;
}

/** Makes sure that nothing is in the way, or says what is. */
async function clearPath(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (!path.startsWith('/')) {
    throw new StartupError(
      `socket path ${path} is relative; expected an absolute path`,
      'Choose another --socket.',
    );
  }
  const most =
    MAX_PATH_BYTES - Math.max(0, TEMPORARY_NAME_BYTES - Buffer.byteLength(basename(path)));
  if (bytes > most) {
    throw new StartupError(
      `socket path ${path} has ${bytes} bytes; expected at most ${most}`,
      'Choose another --socket.',
    );
  }
  let found: Stats | undefined;
  try {
    found = lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw explainPathError(path, error);
  }
  if (found === undefined) {
    // Looked at here, as listen() reports a missing folder as one without permission.
    if (!existsSync(dirname(path))) {
      throw missingFolder(path);
    }
    return;
  }
  if (!found.isSocket()) {
    throw new StartupError(
      `${path} exists and is no socket`,
      'Choose another --socket, or remove what is there.',
    );
  }
  if (await isAlive(path)) {
    throw inUse(path);
  }
  try {
    rmSync(path);
  } catch (error) {
    throw explainPathError(path, error);
  }
}

/** Whether somebody accepts connections there. What cannot be told counts as alive: it is not ours to remove. */
async function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

async function listen(server: Server, options: ListenOptions & { fd?: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function inUse(path: string, cause?: unknown): StartupError {
  return new StartupError(
    `another process listens on ${path}`,
    'Stop the other daemon first, or choose another --socket.',
    cause,
  );
}

function missingFolder(path: string, cause?: unknown): StartupError {
  return new StartupError(
    `the folder of ${path} does not exist`,
    'Create it, or choose another --socket; systemd does so with RuntimeDirectory=.',
    cause,
  );
}

function explainPathError(path: string, error: unknown): StartupError {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return missingFolder(path, error);
    case 'EACCES':
    case 'EPERM':
      return new StartupError(
        `user ID ${process.geteuid?.() ?? '?'} may not make a socket at ${path}`,
        'Start it as another user, or choose another --socket.',
        error,
      );
    case 'EADDRINUSE':
    case 'EEXIST':
      return inUse(path, error);
    default:
      return new StartupError(
        `cannot listen on ${path}: ${messageOf(error)}`,
        'Choose another --socket.',
        error,
      );
  }
}

/** Finds the number of a group, through getent(1) as Node has no call for it. */
async function findGroup(group: string): Promise<number> {
  if (/^[0-9]{1,9}$/.test(group)) {
    return Number(group);
  }
  const number = await promisify(execFile)('getent', ['group', '--', group], {
    timeout: 5000,
  }).then(
    ({ stdout }) => stdout.split(':')[2] ?? '',
    () => '',
  );
  if (!/^[0-9]+$/.test(number)) {
    throw new StartupError(`there is no group ${group}`, 'Create it, or choose another --group.');
  }
  return Number(number);
}
