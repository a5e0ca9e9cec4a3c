// The key cache on disk. What is in it decides who may log in: whoever could have written it must be trusted.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { createDiskKeyCache } from '../../src/keys/disk-key-cache.ts';
import { formatKeyRecord, type KeyRecord } from '../../src/keys/key-record.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { createMint, loadPrivateKeys } from '../vectors/tokens/mint.ts';

const IS_ROOT = process.geteuid?.() === 0;
const NOBODY = 65_534;
const DAEMON = 4242;
const mint = await createMint();
const SOURCE = 'jwks https://issuer.example.com/keys by system';
const RECORD: KeyRecord = {
  source: SOURCE,
  fetchedAt: 1_790_000_000,
  attemptedAt: 1_790_000_100,
  unknownKeyAt: 1_790_000_050,
  lastError: 'connection refused',
  nextRefreshAt: 1_790_000_600,
  etag: '"1"',
  keySet: {
    keys: [mint.publicKey('cluster-rs256'), mint.publicKey('cluster-es256')],
    leftOut: [{ kid: 'e', reason: 'has use "enc"; expected "sig"' }, { reason: 'has kty "x"' }],
  },
};

/** What a shared folder gives where it is believed. */
const BELIEVED = IS_ROOT ? RECORD : undefined;

const stack = new AsyncDisposableStack();
let base: string;
let folder: string;
let made = 0;

beforeAll(async () => {
  base = stack.use(await createTemporaryFolder('key-cache')).path;
});

beforeEach(() => {
  vi.restoreAllMocks();
  made += 1;
  folder = join(base, `case-${made}`, 'cache');
});

afterAll(async () => {
  await stack.disposeAsync();
});

function read(name = 'prod', source = SOURCE) {
  return createDiskKeyCache({ folder }).read(name, source);
}

/** What is read from the folder as that of another user, the daemon's. */
function readShared(): KeyRecord | undefined {
  const own = join(base, 'nothing');
  return createDiskKeyCache({ folder: own, sharedFolder: folder }).read('prod', SOURCE);
}

/** Gives a file or folder to a user, where that can be done. */
function give(path: string, owner: number): void {
  if (IS_ROOT) chownSync(path, owner, owner);
}

function write(record: KeyRecord = RECORD, name = 'prod'): void {
  createDiskKeyCache({
    folder,
    onWriteError: (error) => {
      throw error;
    },
  }).write(name, record);
}

const file = (name = 'prod'): string => join(folder, `${name}.json`);

/** Puts a text where the record was. */
function place(text: string | Uint8Array): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(file(), text);
  chmodSync(file(), 0o644);
}

it('a record of version 0.1 has keys, and no entity tag: the issuer is to give those that it left out', () => {
  write();
  const older = readFileSync(file(), 'utf8').replace('"version":2', '"version":1');
  writeFileSync(file(), older);
  expect(read()).toEqual({ ...RECORD, etag: undefined });
});

describe('a record on disk', () => {
  it('is read as it was written', () => {
    write();
    expect(read()).toEqual(RECORD);
  });

  it('may lack what it can do without', () => {
    const { source, fetchedAt, attemptedAt, keySet } = RECORD;
    write({ source, fetchedAt, attemptedAt, keySet });
    expect(read()).toEqual({ source, fetchedAt, attemptedAt, keySet });
  });

  it('is not there at first', () => {
    expect(read()).toBeUndefined();
    mkdirSync(folder, { recursive: true });
    expect(read()).toBeUndefined();
  });

  it("is the entry's own, by name and by source", () => {
    write();
    expect(read('other')).toBeUndefined();
    expect(read('prod', `${SOURCE} `)).toBeUndefined();
    expect(read('prod', 'jwks https://issuer.example.com/keys by 00')).toBeUndefined();
  });

  it('can be read by others and written by its owner alone, whatever the umask', () => {
    write();
    expect(statSync(file()).mode & 0o777 & ~process.umask()).toBe(0o644 & ~process.umask());
    expect(statSync(file()).mode & 0o022).toBe(0);
    expect(statSync(folder).mode & 0o022).toBe(0);
  });

  it('is replaced as a whole, and leaves nothing beside it', () => {
    write();
    const before = statSync(file()).ino;
    write({ ...RECORD, fetchedAt: 1_790_000_001 });
    expect(statSync(file()).ino).not.toBe(before);
    expect(read()).toMatchObject({ fetchedAt: 1_790_000_001 });
    expect(readdirSync(folder)).toEqual(['prod.json']);
  });

  it('is whole for whoever has opened the old one', () => {
    write();
    const old = readFileSync(file(), 'utf8');
    renameSync(file(), `${file()}.held`);
    write({ ...RECORD, fetchedAt: 1 });
    expect(readFileSync(`${file()}.held`, 'utf8')).toBe(old);
  });

  it.each<readonly [what: string, text: string | Uint8Array]>([
    ['nothing', ''],
    ['garbage', 'garbage'],
    ['binary garbage', Uint8Array.from({ length: 1000 }, (_, n) => (n * 7919) % 256)],
    ['a list', '[]'],
    ['no object', 'null'],
    ['no members', '{}'],
    ['a plain JWKS', JSON.stringify({ keys: RECORD.keySet.keys })],
    ['two records', formatKeyRecord(RECORD).repeat(2)],
    ['a member twice', formatKeyRecord(RECORD).replace('{', '{"source":"x",')],
    [
      'a byte order mark and a record in UTF-16',
      Buffer.from(`\u{FEFF}${formatKeyRecord(RECORD)}`, 'utf16le'),
    ],
    ['a version to come', formatKeyRecord(RECORD).replace('"version":2', '"version":3')],
    ['no version', formatKeyRecord(RECORD).replace('"version":2,', '')],
    ['times as text', formatKeyRecord(RECORD).replace('1790000000', '"1790000000"')],
    ['a time without bounds', formatKeyRecord(RECORD).replace('1790000000', '1e400')],
    [
      'no list of keys',
      JSON.stringify({ version: 1, source: SOURCE, fetchedAt: 1, attemptedAt: 1 }),
    ],
    ['more than a megabyte', formatKeyRecord({ ...RECORD, lastError: 'x'.repeat(1_048_576) })],
  ])('is not used when it is %s', (_what, text) => {
    place(text);
    expect(read()).toBeUndefined();
    // And a new one takes its place.
    write();
    expect(read()).toEqual(RECORD);
  });

  it('is not used when it was cut, wherever', () => {
    const text = formatKeyRecord(RECORD).trimEnd();
    for (let length = text.length - 1; length >= 0; length -= 11) {
      place(text.slice(0, length));
      expect(read()).toBeUndefined();
    }
    place(text);
    expect(read()).toEqual(RECORD);
  });

  it('gives no key that an issuer could not have published', async () => {
    const privateKeys = await loadPrivateKeys();
    const rsa = mint.publicKey('cluster-rs256');
    const planted = [
      privateKeys['attacker-rs256']!,
      { kty: 'oct', k: 'AAAA', kid: 'a', alg: 'HS256' },
      { ...rsa, n: Buffer.alloc(128, 0xff).toString('base64url') },
      rsa,
    ];
    place(formatKeyRecord({ ...RECORD, keySet: { keys: planted } }));
    expect(read()?.keySet.keys).toEqual([rsa]);
  });

  it.each<readonly [what: string, leftOut: unknown]>([
    ['no list', 'x'],
    ['no reason', [{ kid: 'a' }]],
    ['a reason that a terminal would obey', [{ kid: 'a', reason: '\u{1b}[2J' }]],
    ['a reason without end', [{ kid: 'a', reason: 'x'.repeat(2001) }]],
    ['a name without end', [{ kid: 'x'.repeat(257), reason: 'has use "enc"' }]],
  ])('says nothing of what was left out where that is %s', (_what, leftOut) => {
    const { keys } = RECORD.keySet;
    place(JSON.stringify({ ...JSON.parse(formatKeyRecord(RECORD)), leftOut }));
    expect(read()?.keySet).toEqual({ keys });
  });

  it('says of a bounded number of keys that they were left out', () => {
    const leftOut = Array.from({ length: 100 }, (_, at) => ({ kid: `k${at}`, reason: 'x' }));
    write({ ...RECORD, keySet: { ...RECORD.keySet, leftOut } });
    expect(read()?.keySet.leftOut).toHaveLength(40);
  });
});

describe('an attempt that brought no keys', () => {
  const ATTEMPT: KeyRecord = {
    source: SOURCE,
    fetchedAt: 0,
    attemptedAt: 1_790_000_200,
    lastError: 'connection refused',
    keySet: { keys: [] },
  };

  it('is remembered where there are no keys', () => {
    write(ATTEMPT);
    expect(read()).toMatchObject(ATTEMPT);
    expect(read('prod', 'jwks https://elsewhere.example.com/keys by system')).toBeUndefined();
    write();
    expect(read()).toEqual(RECORD);
    expect(readdirSync(folder)).toEqual(['prod.json']);
  });

  it('never takes the place of keys of another source, which serve again when that is written again', () => {
    const other = `${SOURCE} of tomorrow`;
    write();
    write({ ...ATTEMPT, source: other });
    expect(read('prod', other)).toMatchObject({ lastError: 'connection refused' });
    expect(read()).toEqual(RECORD);
    // Also not by way of keys that come from another folder.
    write({ ...RECORD, source: other, lastError: 'connection refused' });
    expect(read()).toEqual(RECORD);
  });

  it('never takes the place of keys that somebody else has retrieved meanwhile', () => {
    write({ ...RECORD, lastError: undefined, fetchedAt: RECORD.fetchedAt + 10 });
    write(ATTEMPT);
    write({ ...RECORD, attemptedAt: RECORD.fetchedAt + 20 });
    expect(read()).toMatchObject({ fetchedAt: RECORD.fetchedAt + 10, lastError: undefined });
    // It does of those that it began with.
    write({ ...RECORD, fetchedAt: RECORD.fetchedAt + 10 });
    expect(read()).toMatchObject({ lastError: 'connection refused' });
  });

  it('takes it where the issuer itself says that it has none any more', () => {
    write();
    write({ ...RECORD, keySet: { keys: [] }, lastError: 'no usable key' });
    expect(read()).toMatchObject({ keySet: { keys: [] }, lastError: 'no usable key' });
  });
});

describe('temporary files', () => {
  it('that were left behind are removed with the next record, unless they are of this minute', () => {
    write();
    const left = `prod.json.${crypto.randomUUID()}.tmp`;
    const young = `other.attempt.json.${crypto.randomUUID()}.tmp`;
    for (const name of [left, young, 'mine.tmp', 'prod.json.tmp']) {
      writeFileSync(join(folder, name), 'x');
    }
    utimesSync(join(folder, left), 1_790_000_000, 1_790_000_000);
    write();
    expect(readdirSync(folder).toSorted()).toEqual(
      ['mine.tmp', young, 'prod.json', 'prod.json.tmp'].toSorted(),
    );
  });
});

describe('a record that somebody else could have written', () => {
  it.each([0o664, 0o646, 0o666, 0o777])('is not used: file mode %o', (mode) => {
    write();
    chmodSync(file(), mode);
    expect(read()).toBeUndefined();
    chmodSync(file(), 0o644);
    expect(read()).toEqual(RECORD);
  });

  it.each([0o775, 0o757, 0o777, 0o1777])('is not used: folder mode %o', (mode) => {
    write();
    chmodSync(folder, mode);
    expect(read()).toBeUndefined();
    chmodSync(folder, 0o755);
    expect(read()).toEqual(RECORD);
  });

  it('is not used: a folder that is a symbolic link', () => {
    write();
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    expect(createDiskKeyCache({ folder: link }).read('prod', SOURCE)).toBeUndefined();
    expect(
      createDiskKeyCache({ folder: join(base, 'none'), sharedFolder: link }).read('prod', SOURCE),
    ).toBeUndefined();
  });

  it('is not used: a folder that is a file', () => {
    mkdirSync(dirname(folder), { recursive: true });
    writeFileSync(folder, 'x');
    expect(read()).toBeUndefined();
  });

  it('is not used: a record that is a folder or a FIFO', () => {
    mkdirSync(join(folder, 'prod.json'), { recursive: true });
    expect(read()).toBeUndefined();
  });

  it('is not used: a file or folder of another user', () => {
    write();
    expect(read()).toEqual(RECORD);
    // Who is not root cannot give files away, but can pretend to be another reader.
    if (!IS_ROOT) vi.spyOn(process, 'geteuid').mockReturnValue(NOBODY);
    give(file(), NOBODY);
    expect(read()).toBeUndefined();
    give(file(), 0);
    give(folder, NOBODY);
    expect(read()).toBeUndefined();
  });
});

describe('a cache that cannot be written', () => {
  it.each([
    [
      'a folder that is a file',
      () => {
        mkdirSync(dirname(folder), { recursive: true });
        writeFileSync(folder, 'x');
      },
    ],
    [
      'a folder below a file',
      () => {
        mkdirSync(dirname(dirname(folder)), { recursive: true });
        writeFileSync(dirname(folder), 'x');
      },
    ],
    [
      'a folder in the place of the record',
      () => {
        mkdirSync(join(file(), 'x'), { recursive: true });
      },
    ],
  ])('does not throw, says why, and leaves nothing behind: %s', (_what, prepare) => {
    prepare();
    const errors: unknown[] = [];
    const cache = createDiskKeyCache({ folder, onWriteError: (error) => errors.push(error) });
    cache.write('prod', RECORD);
    expect(errors).toEqual([expect.any(Error)]);
    expect(cache.read('prod', SOURCE)).toBeUndefined();
    const left = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    // Nor does it throw when nobody is told.
    createDiskKeyCache({ folder }).write('prod', RECORD);
  });
});

// The folder of the daemon: of root, or of its own user in a folder that root alone may write, as /var/cache is. Who runs
// the tests as another user has no such folder: then nothing is believed.
describe('a shared folder', () => {
  it('is not believed in a folder that others may write', () => {
    write();
    for (const mode of [0o777, 0o1777, 0o775]) {
      chmodSync(dirname(folder), mode);
      expect(readShared()).toBeUndefined();
    }
    chmodSync(dirname(folder), 0o755);
    expect(readShared()).toEqual(BELIEVED);
  });

  it('is believed, and its own user with it, in a folder of root', () => {
    write();
    expect(readShared()).toEqual(BELIEVED);
    give(folder, DAEMON);
    give(file(), DAEMON);
    expect(readShared()).toEqual(BELIEVED);
  });

  it("is not believed where a file in it is not its own user's", () => {
    write();
    give(folder, DAEMON);
    give(file(), NOBODY);
    expect(readShared()).toBeUndefined();
  });

  it.each([
    [0o775, 0o644],
    [0o755, 0o664],
  ])('is not believed with mode %o, and %o of the file', (folderMode, fileMode) => {
    write();
    give(folder, DAEMON);
    give(file(), DAEMON);
    expect(readShared()).toEqual(BELIEVED);
    chmodSync(folder, folderMode);
    chmodSync(file(), fileMode);
    expect(readShared()).toBeUndefined();
  });

  it("is not believed in a folder that is not root's", () => {
    write();
    give(folder, DAEMON);
    give(file(), DAEMON);
    give(dirname(folder), DAEMON);
    expect(readShared()).toBeUndefined();
  });

  it('gives way to a younger record of the reader itself, and the other way round', () => {
    const GOOD = { ...RECORD, lastError: undefined };
    write({ ...GOOD, fetchedAt: 200 });
    const own = `${folder}-own`;
    const cache = createDiskKeyCache({ folder: own, sharedFolder: folder });
    cache.write('prod', { ...GOOD, fetchedAt: 300 });
    expect(cache.read('prod', SOURCE)).toMatchObject({ fetchedAt: 300 });
    cache.write('prod', { ...GOOD, fetchedAt: 100 });
    // Only root's folders are believed here: who is not root sees its own.
    expect(cache.read('prod', SOURCE)).toMatchObject({
      fetchedAt: IS_ROOT ? 200 : 100,
    });
    // One of another source does not count, however young.
    cache.write('prod', { ...GOOD, source: 'x', fetchedAt: 900 });
    expect(cache.read('prod', 'x')).toMatchObject({ fetchedAt: 900 });
    expect(cache.read('prod', SOURCE)?.fetchedAt).toBe(IS_ROOT ? 200 : undefined);
  });

  it('is used rather than one of the reader that is from the future', () => {
    const GOOD = { ...RECORD, lastError: undefined };
    write({ ...GOOD, fetchedAt: 200 });
    const cache = createDiskKeyCache({
      folder: `${folder}-own`,
      sharedFolder: folder,
      clock: () => 250,
    });
    cache.write('prod', { ...GOOD, fetchedAt: 300 });
    expect(cache.read('prod', SOURCE)?.fetchedAt).toBe(IS_ROOT ? 200 : 300);
  });

  it('that says only that an attempt failed counts where the reader has none', () => {
    write({ ...RECORD, fetchedAt: 0, keySet: { keys: [], leftOut: [] } });
    expect(readShared()?.attemptedAt).toBe(IS_ROOT ? RECORD.attemptedAt : undefined);
  });

  it('is never written', () => {
    write();
    const before = statSync(file()).ino;
    createDiskKeyCache({ folder: `${folder}-own`, sharedFolder: folder }).write('prod', RECORD);
    expect(statSync(file()).ino).toBe(before);
    expect(existsSync(join(`${folder}-own`, 'prod.json'))).toBe(true);
  });
});
