// The socket for as long as the daemon runs: a file that is removed is made again, and one that is another's is left alone.
import { existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { keepListening, type Listener } from '../../../src/daemon/socket/keep-listening.ts';
import { createLogger } from '../../../src/log/create-logger.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let listener: Listener | undefined;
let other: Server | undefined;
let lines: unknown[];
let path: string;

beforeEach(async () => {
  folder = await createTemporaryFolder('keep-listening');
  mkdirSync(join(folder.path, 'run'));
  path = join(folder.path, 'run', 'pgtoken.sock');
  lines = [];
});

afterEach(async () => {
  await listener?.close();
  other?.close();
  [listener, other] = [undefined, undefined];
  await folder.remove();
});

const listen = async (): Promise<Listener> =>
  keepListening({
    socket: { path, group: undefined, env: {} },
    onConnection: (socket) => socket.on('error', () => undefined).end('ours'),
    logger: createLogger({ write: (line) => void lines.push(JSON.parse(line)) }),
  });

/** What a client gets that connects. */
async function answer(): Promise<string> {
  const client = connect(path);
  let text = '';
  client.setEncoding('utf8').on('data', (part: string) => (text += part));
  return new Promise((resolve) => {
    client.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? '');
    });
    client.on('close', () => {
      resolve(text);
    });
  });
}

const logged = async (msg: string): Promise<unknown> =>
  poll(msg, () => {
    const found = lines.filter((line) => JSON.stringify(line).includes(msg));
    return found.length > 0 ? found : undefined;
  });

it('a socket file that was removed is made again, with the same rights', async () => {
  listener = await listen();
  const before = lstatSync(path);
  rmSync(path);
  expect(await answer()).toBe('ENOENT');
  expect(await logged('the socket was gone, and was made again')).toMatchObject([
    { level: 'warn', socket: path },
  ]);
  expect(await answer()).toBe('ours');
  expect(lstatSync(path)).toMatchObject({ mode: before.mode, uid: before.uid, gid: before.gid });
  await listener.close();
  expect(existsSync(path)).toBe(false);
});

it('also with its folder, as soon as that is back; it says so once', async () => {
  listener = await listen();
  rmSync(join(folder.path, 'run'), { recursive: true });
  expect(await logged('the socket is gone, and cannot be made again')).toMatchObject([
    { level: 'error', reason: `the folder of ${path} does not exist` },
  ]);
  mkdirSync(join(folder.path, 'run'));
  await logged('the socket was gone, and was made again');
  expect(await answer()).toBe('ours');
  expect(lines.filter((line) => JSON.stringify(line).includes('cannot be made'))).toHaveLength(1);
});

it('a connection that was made before goes on', async () => {
  const { promise: accepted, resolve } = Promise.withResolvers<undefined>();
  listener = await keepListening({
    socket: { path, group: undefined, env: {} },
    onConnection: (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => socket.write(data)).on('end', () => socket.end());
      resolve(undefined);
    },
    logger: createLogger({ write: (line) => void lines.push(JSON.parse(line)) }),
  });
  const client = connect(path);
  await accepted;
  rmSync(path);
  await logged('the socket was gone, and was made again');
  client.write('still here');
  expect(String((await once(client, 'data'))[0])).toBe('still here');
  client.destroy();
});

it("another daemon's socket is left alone, and stays when this one ends", async () => {
  listener = await listen();
  rmSync(path);
  other = createServer((socket) => socket.on('error', () => undefined).end('theirs')).listen(path);
  await once(other, 'listening');
  expect(await logged('the socket is gone, and cannot be made again')).toMatchObject([
    { level: 'error', reason: `another process listens on ${path}` },
  ]);
  expect(await answer()).toBe('theirs');
  await listener.close();
  listener = undefined;
  expect(await answer()).toBe('theirs');
});
