// What the daemon writes of its keys, and when: a disk that hangs holds up nothing and nobody.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createDiskKeyCache } from '../../src/keys/disk-key-cache.ts';
import { createKeyCacheWriter } from '../../src/keys/key-cache-writer.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { createMint } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const SOURCE = 'jwks https://issuer.example.com/keys by the authorities of the system';
const RECORD: KeyRecord = {
  source: SOURCE,
  fetchedAt: 1_790_000_000,
  attemptedAt: 1_790_000_000,
  nextRefreshAt: 1_790_000_600,
  keySet: { keys: [mint.publicKey('cluster-es256')] },
};
const FAILED: KeyRecord = {
  ...RECORD,
  attemptedAt: 1_790_000_600,
  lastError: 'connection refused',
};
const ATTEMPT: KeyRecord = { ...FAILED, fetchedAt: 0, keySet: { keys: [] } };

const stack = new AsyncDisposableStack();
let base: string;
let folder: string;
let made = 0;
let errors: unknown[];

beforeAll(async () => {
  base = stack.use(await createTemporaryFolder('writer')).path;
});

beforeEach(() => {
  made += 1;
  folder = join(base, `case-${made}`);
  errors = [];
});

afterAll(async () => {
  await stack.disposeAsync();
});

const create = (replaceFile?: (path: string, text: string) => Promise<void>) =>
  createKeyCacheWriter({
    folder,
    onWriteError: (error) => errors.push(error),
    ...(replaceFile === undefined ? {} : { replaceFile }),
  });

/** A disk that answers when it is told to. */
function createDisk() {
  const writes: {
    readonly file: string;
    readonly text: string;
    readonly end: (error?: Error) => void;
  }[] = [];
  return {
    writes,
    replaceFile: async (path: string, text: string): Promise<void> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const end = (error?: Error): void => {
        if (error === undefined) resolve();
        else reject(error);
      };
      writes.push({ file: path.slice(folder.length + 1), text, end });
      return promise;
    },
  };
}

const settle = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('a record', () => {
  it('is on disk once it is flushed, and is read back', async () => {
    const cache = create();
    cache.write('prod', RECORD);
    await cache.flush();
    expect(readdirSync(folder)).toEqual(['prod.json']);
    expect(createDiskKeyCache({ folder }).read('prod', SOURCE)).toEqual(RECORD);
    expect(cache.read('prod', SOURCE)).toEqual(RECORD);
    expect(errors).toEqual([]);
  });

  it('is written later, and whoever writes it does not wait', async () => {
    const disk = createDisk();
    const cache = create(disk.replaceFile);
    cache.write('prod', RECORD);
    let isFlushed = false;
    const flushed = cache.flush().then(() => (isFlushed = true));
    await settle();
    expect(disk.writes).toHaveLength(1);
    expect(isFlushed).toBe(false);
    disk.writes[0]!.end();
    await flushed;
  });

  it('waits for one that is under way, its own or that of another entry; of several the newest is written', async () => {
    const disk = createDisk();
    const cache = create(disk.replaceFile);
    cache.write('prod', RECORD);
    for (const fetchedAt of [1, 2, 3]) cache.write('prod', { ...RECORD, fetchedAt });
    cache.write('other', RECORD);
    await settle();
    expect(disk.writes.map(({ file }) => file)).toEqual(['prod.json']);
    disk.writes[0]!.end();
    await settle();
    disk.writes[1]!.end();
    await settle();
    disk.writes[2]!.end();
    await cache.flush();
    expect(disk.writes.map(({ file }) => file)).toEqual(['prod.json', 'prod.json', 'other.json']);
    expect(disk.writes[1]!.text).toContain('"fetchedAt":3');
  });

  it('is not written when only the time of an attempt has changed', async () => {
    const disk = createDisk();
    const cache = create(async (path, text) => {
      const written = disk.replaceFile(path, text);
      disk.writes.at(-1)!.end();
      return written;
    });
    cache.write('prod', RECORD);
    await cache.flush();
    cache.write('prod', FAILED);
    await cache.flush();
    for (let again = 1; again < 100; again += 1) {
      cache.write('prod', {
        ...FAILED,
        attemptedAt: again,
        nextRefreshAt: again,
        unknownKeyAt: again,
      });
    }
    await cache.flush();
    expect(disk.writes).toHaveLength(2);
    cache.write('prod', { ...FAILED, lastError: 'no answer in time' });
    await cache.flush();
    cache.write('prod', { ...RECORD, fetchedAt: 1_790_000_700 });
    await cache.flush();
    expect(disk.writes).toHaveLength(4);
    expect(disk.writes.at(-1)!.text).toContain('"fetchedAt":1790000700');
  });

  it('that cannot be written is told, and tried again with the next one', async () => {
    const disk = createDisk();
    const cache = create(disk.replaceFile);
    cache.write('prod', RECORD);
    await settle();
    const full = new Error('ENOSPC');
    disk.writes[0]!.end(full);
    await settle();
    expect(errors).toEqual([full]);
    cache.write('prod', RECORD);
    await settle();
    disk.writes[1]!.end();
    await cache.flush();
    expect(disk.writes).toHaveLength(2);
  });
});

describe('an attempt that brought no keys', () => {
  it('stands beside keys of another source, and goes when there are keys again', async () => {
    const cache = create();
    cache.write('prod', { ...RECORD, source: 'another' });
    cache.write('prod', ATTEMPT);
    await cache.flush();
    expect(cache.read('prod', SOURCE)).toMatchObject({ lastError: 'connection refused' });
    expect(createDiskKeyCache({ folder }).read('prod', SOURCE)).toMatchObject({ fetchedAt: 0 });
    expect(readFileSync(join(folder, 'prod.json'), 'utf8')).toContain('another');
    cache.write('prod', RECORD);
    await cache.flush();
    expect(readdirSync(folder)).toEqual(['prod.json']);
    // And is written again when it fails again.
    cache.write('prod', ATTEMPT);
    await cache.flush();
    expect(readdirSync(folder).toSorted()).toEqual(['prod.attempt.json', 'prod.json']);
  });
});

it('what was left behind is removed at the start, whatever its age', () => {
  mkdirSync(folder);
  const left = ['prod.json', 'a.attempt.json', 'issuers.yaml.json'].map(
    (name) => `${name}.${crypto.randomUUID()}.tmp`,
  );
  for (const name of [...left, 'prod.json', 'notes.tmp']) writeFileSync(join(folder, name), 'x');
  create();
  expect(readdirSync(folder).toSorted()).toEqual(['notes.tmp', 'prod.json']);
});
