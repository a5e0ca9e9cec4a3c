// The folder of a pooler: its own, for nobody else to enter, and held by one process at a time.
import { lstat, mkdir, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { codeOf } from '../../code-of.ts';
import { formatMode } from '../../format-mode.ts';
import { fault, type TokenFault } from '../token/client-token.ts';

/** A folder that is held. */
export interface HeldFolder {
  readonly ok: true;
  readonly release: () => void;
}

/** The socket that says that somebody holds it. The kernel closes it with the process, however that ends. */
const LOCK = 'pooler.lock';
/** A unix socket's address has 108 bytes, its last a NUL; PgBouncer's own may be the longest. */
const LONGEST_SOCKET_PATH = 107;
const SOCKET_NAME = '.s.PGSQL.65535';

/** Makes it where there is none, and holds it. @returns why not, otherwise. Never rejects. */
export async function holdFolder(folder: string): Promise<HeldFolder | TokenFault> {
  if (Buffer.byteLength(join(folder, SOCKET_NAME)) > LONGEST_SOCKET_PATH) {
    return fault(
      `its path has ${Buffer.byteLength(folder)} bytes; expected at most ${LONGEST_SOCKET_PATH - SOCKET_NAME.length - 1}, as sockets are in it`,
      'Choose a shorter one, such as /run/pooler.',
    );
  }
  try {
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') {
        throw error;
      }
    });
    const seen = await lstat(folder);
    const own = process.geteuid?.() ?? 0;
    if (!seen.isDirectory()) {
      return fault('it is no folder; expected one, or none', 'Name another one.');
    }
    if (seen.uid !== own) {
      return fault(
        `it belongs to user ID ${seen.uid}; expected ${own}, as which this runs`,
        'Name a folder in one that this user may write; it is made.',
      );
    }
    if ((seen.mode & 0o077) !== 0) {
      return fault(
        `it has mode ${formatMode(seen.mode)}; expected 0700, as tokens are in it`,
        'Run chmod 0700, or name a folder in it that is made.',
      );
    }
    const server = await listen(join(folder, LOCK));
    return server === undefined
      ? fault('another pgtoken pooler runs on it', 'Each needs a folder of its own.')
      : { ok: true, release: () => void server.close() };
  } catch (error) {
    const code = codeOf(error) ?? 'an unknown error';
    return fault(
      `user ID ${process.geteuid?.() ?? '?'} cannot make or use it (${code})`,
      'Name a folder in one that this user may write; in Kubernetes an emptyDir.',
    );
  }
}

/** @returns undefined where somebody listens already. Rejects as the system does. */
async function listen(path: string): Promise<Server | undefined> {
  for (let tries = 1; ; tries += 1) {
    const server = createServer((socket) => socket.destroy());
    server.listen(path);
    try {
      await once(server, 'listening');
      server.unref();
      return server;
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' || tries === 3) {
        throw error;
      }
    }
    if (await isAlive(path)) {
      return undefined;
    }
    // Whoever held it was killed.
    await rm(path, { force: true });
  }
}

async function isAlive(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT';
  } finally {
    socket.destroy();
  }
}
