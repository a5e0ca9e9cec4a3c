// Keeping a .pgpass: several lines, sources that come and go, a disk that is full, and what is said of each.
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import {
  keepPgpass,
  type Keeper,
  type SourcedLine,
} from '../../../src/client/pgpass/keep-pgpass.ts';
import { SYSTEM_FILES } from '../../../src/client/pgpass/write-pgpass.ts';
import { writeOnce } from '../../../src/client/pgpass/write-once.ts';
import { fault, type TokenResult } from '../../../src/client/token/client-token.ts';
import type { SourceWatcher, TokenSource } from '../../../src/client/token/token-source.ts';
import { systemClock } from '../../../src/clock.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { clientToken } from '../make-token.ts';

let folder: TemporaryFolder;
let file: string;
let keeper: Keeper | undefined;

beforeEach(async () => {
  folder = await createTemporaryFolder('keep-pgpass');
  file = join(folder.path, '.pgpass');
});

afterEach(async () => {
  await keeper?.stop();
  await folder.remove();
});

/** A source that gives what it is set to. */
function source(name: string) {
  let result: TokenResult = fault('not yet');
  let watcher: SourceWatcher | undefined;
  const made: TokenSource = {
    name,
    get: async () => result,
    watch: (one) => {
      watcher = one;
      return { close: () => undefined };
    },
  };
  return {
    made,
    set: (next: TokenResult) => {
      result = next;
      watcher?.onChange();
    },
  };
}
const lineFor = (user: string, of: TokenSource): SourcedLine => ({
  plan: {
    host: 'db',
    port: '5432',
    database: '*',
    user: { kind: 'name', name: user },
    source: { kind: 'file', path: '/x' },
  },
  source: of,
});
const lasting = (seconds: number): TokenResult => ({
  ok: true,
  token: clientToken({ iat: undefined, exp: Math.floor(Date.now() / 1000) + seconds }),
});
const textOf = (result: TokenResult): string => (result.ok ? result.token.text : '');
const read = async (): Promise<string> => readFile(file, 'utf8').catch(() => '');
const untilText = async (text: string) =>
  poll('the text', async () => (await read()) === text || undefined, 5000);

function keep(lines: readonly SourcedLine[], files = SYSTEM_FILES) {
  const said: string[] = [];
  const say = (members: object, message: string) => {
    said.push(`${message}${'reason' in members ? `: ${String(members.reason)}` : ''}`);
  };
  const ready: boolean[] = [];
  let changes = 0;
  keeper = keepPgpass({
    plan: { file, mode: 0o600 },
    lines,
    clock: systemClock,
    log: { info: say, warn: say, error: say },
    onChange: () => (changes += 1),
    onReady: (isReady) => ready.push(isReady),
    files,
    random: () => 1,
    recheck: 0.1,
  });
  return { said, ready, changes: () => changes, keeper };
}

it('writes each line when its token comes, and is ready when all have', async () => {
  const [a, b] = [source('a'), source('b')];
  const { ready, said, keeper: one } = keep([lineFor('alice', a.made), lineFor('bob', b.made)]);
  await poll('the faults', () => said.length === 2 || undefined);
  const [first, second] = [lasting(100), lasting(200)];
  b.set(first);
  await untilText(`db:5432:*:bob:${textOf(first)}\n`);
  expect([ready, one.isReady()]).toEqual([[], false]);
  expect(one.lines()).toMatchObject([
    { user: 'alice', source: 'a', ready: false, expiresAt: undefined, fault: 'not yet' },
    { user: 'bob', source: 'b', ready: true, fault: undefined },
  ]);
  a.set(second);
  await untilText(`db:5432:*:bob:${textOf(first)}\ndb:5432:*:alice:${textOf(second)}\n`);
  await poll('ready', () => one.isReady() || undefined);
  expect(ready).toEqual([true]);
  expect(said).toEqual([
    'there is no new token: not yet',
    'there is no new token: not yet',
    'there are new tokens again',
    'the .pgpass has a new token',
    'there are new tokens again',
    'the .pgpass has a new token',
  ]);
  expect(JSON.stringify(one.lines())).not.toContain('eyJ');
});

it('asks a source once for all the lines that share it', async () => {
  const a = source('a');
  const get = vi.spyOn(a.made, 'get');
  a.set(lasting(100));
  const { changes } = keep([lineFor('alice', a.made), lineFor('bob', a.made)]);
  await poll('both lines', async () => (await read()).split('\n').length === 3 || undefined);
  expect([get.mock.calls.length, changes()]).toEqual([1, 1]);
});

it('is not ready any more when a token has expired and there is no other', async () => {
  const a = source('a');
  const first = lasting(2);
  a.set(first);
  const { ready } = keep([lineFor('alice', a.made)]);
  await untilText(`db:5432:*:alice:${textOf(first)}\n`);
  a.set(fault('gone'));
  await poll('the end of it', () => ready.length === 2 || undefined);
  expect(ready).toEqual([true, false]);
  expect(await read()).toBe(`db:5432:*:alice:${textOf(first)}\n`);
});

it('keeps the file from before on a full disk, says so once, and replaces it when there is room', async () => {
  let isFull = true;
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  const files = {
    ...SYSTEM_FILES,
    open: (async (...args: Parameters<typeof SYSTEM_FILES.open>) => {
      const handle = await SYSTEM_FILES.open(...args);
      if (isFull) handle.writeFile = async () => Promise.reject(full);
      return handle;
    }) as typeof SYSTEM_FILES.open,
  };
  await writeFile(file, 'a:1:b:c:d\n', { mode: 0o600 });
  const a = source('a');
  const token = lasting(100);
  a.set(token);
  const { said, ready, keeper: one } = keep([lineFor('alice', a.made)], files);
  await poll('the fault', () => said.length > 0 || undefined);
  expect(one.lines()[0]).toMatchObject({
    ready: false,
    fault: 'there is no room for it (ENOSPC); the one from before is kept',
  });
  expect(await read()).toBe('a:1:b:c:d\n');
  isFull = false;
  await untilText(`a:1:b:c:d\ndb:5432:*:alice:${textOf(token)}\n`);
  await poll('ready', () => ready.length > 0 || undefined);
  expect(said).toEqual([
    'the .pgpass cannot be replaced: there is no room for it (ENOSPC); the one from before is kept',
    'the .pgpass has a new token',
  ]);
  expect(await readdir(folder.path)).toEqual(['.pgpass']);
});

it('sets the mode of a file that others could read, and says so', async () => {
  await writeFile(file, 'a:1:b:c:d\n');
  await chmod(file, 0o644);
  const a = source('a');
  const token = lasting(100);
  a.set(token);
  const { said } = keep([lineFor('alice', a.made)]);
  await untilText(`a:1:b:c:d\ndb:5432:*:alice:${textOf(token)}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await poll(
    'a word on it',
    () =>
      said.includes('the .pgpass had other permissions: mode was 0644, and is 0600 now') ||
      undefined,
  );
});

it('finds the good token of a run before it, and waits with it for a better one', async () => {
  const before = lasting(100);
  await writeFile(file, `db:5432:*:alice:${textOf(before)}\n`, { mode: 0o600 });
  const a = source('a');
  a.set(lasting(-100));
  const { changes, ready } = keep([lineFor('alice', a.made)]);
  await poll('ready', () => ready.length > 0 || undefined);
  expect([await read(), changes(), ready]).toEqual([
    `db:5432:*:alice:${textOf(before)}\n`,
    0,
    [true],
  ]);
});

it('puts its line back where somebody else has taken it out, and leaves what they have written', async () => {
  const a = source('a');
  const token = lasting(100);
  a.set(token);
  keep([lineFor('alice', a.made)]);
  await untilText(`db:5432:*:alice:${textOf(token)}\n`);
  await writeFile(file, 'x:1:b:c:d\n');
  await untilText(`x:1:b:c:d\ndb:5432:*:alice:${textOf(token)}\n`);
  expect(await readdir(folder.path)).toEqual(['.pgpass']);
});

it('takes away what a killed run has left beside the file, and not what it is writing itself', async () => {
  await writeFile(`${file}.1-abc.pgtoken`, 'a token');
  const a = source('a');
  const token = lasting(100);
  a.set(token);
  const { said } = keep([lineFor('alice', a.made)]);
  await untilText(`db:5432:*:alice:${textOf(token)}\n`);
  expect([await readdir(folder.path), said]).toEqual([
    ['.pgpass'],
    ['the .pgpass has a new token'],
  ]);
});

it('writes nothing more once it is stopped', async () => {
  const a = source('a');
  const { keeper: one } = keep([lineFor('alice', a.made)]);
  await one.stop();
  a.set(lasting(100));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await read()).toBe('');
});

it('writes all lines at once or none with --once', async () => {
  const [a, b] = [source('a'), source('b')];
  const lines = [lineFor('alice', a.made), lineFor('bob', b.made)];
  const once = async () =>
    writeOnce({
      plan: { file, mode: 0o600 },
      lines,
      clock: systemClock,
      signal: new AbortController().signal,
    });
  const token = lasting(100);
  a.set(token);
  b.set(lasting(-3600));
  expect(await once()).toMatchObject({
    ok: false,
    faults: [
      {
        about: 'b',
        reason: 'the token expired 60 min ago by the clock of this host; expected one that has not',
      },
    ],
  });
  expect(await read()).toBe('');
  b.set(token);
  expect(await once()).toEqual({ ok: true, hasChanged: true });
  expect(await once()).toEqual({ ok: true, hasChanged: false });
  expect(await read()).toBe(`db:5432:*:alice:${textOf(token)}\ndb:5432:*:bob:${textOf(token)}\n`);
});
