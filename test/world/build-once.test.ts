// What has been made is kept, as long as nothing that it depends on changes.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { buildOnce, fingerprintOf } from './machine/build-once.ts';
import type { Progress } from './machine/create-progress.ts';

const SILENT: Progress = {
  say: () => undefined,
  step: async (_name, work) => work(() => undefined),
};

let cache: TemporaryFolder;
let builds: number;
beforeEach(async () => {
  cache = await createTemporaryFolder('world');
  builds = 0;
});
afterEach(async () => {
  await cache.remove();
});

const build = async (fingerprint: string, name = 'tool'): Promise<string> =>
  buildOnce({
    name,
    fingerprint,
    cache: cache.path,
    progress: SILENT,
    make: async (folder) => {
      builds += 1;
      await writeFile(join(folder, 'program'), `build ${builds}`);
    },
  });

it('makes it once', async () => {
  const folder = await build('0123456789ab');
  expect(await build('0123456789ab')).toBe(folder);
  expect(await readFile(join(folder, 'program'), 'utf8')).toBe('build 1');
});

it('makes it anew when something changes, and keeps that alone', async () => {
  await build('0123456789ab');
  const other = await build('0123456789ab', 'tool-for-more');
  const folder = await build('ba9876543210');
  expect(await readFile(join(folder, 'program'), 'utf8')).toBe('build 3');
  expect(await readdir(join(cache.path, 'built'))).toEqual([
    'tool-ba9876543210',
    other.slice(other.lastIndexOf('/') + 1),
  ]);
});

it('keeps nothing of what could not be made', async () => {
  const failing = buildOnce({
    name: 'tool',
    fingerprint: '0123456789ab',
    cache: cache.path,
    progress: SILENT,
    make: async () => Promise.reject(new Error('no')),
  });
  await expect(failing).rejects.toThrow('no');
  expect(await readdir(join(cache.path, 'built'))).toEqual([]);
});

it('has another fingerprint for other bytes, other names and other tools', async () => {
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(join(cache.path, 'sources', 'deep'), { recursive: true });
    await writeFile(join(cache.path, 'sources', name), text);
  };
  const fingerprint = async (tool = 'go1.26'): Promise<string> =>
    fingerprintOf(join(cache.path, 'sources'), [tool]);
  await write('a', 'one');
  const seen = [await fingerprint(), await fingerprint('go1.27')];
  await write('deep/b', 'two');
  seen.push(await fingerprint());
  await write('deep/b', 'three');
  seen.push(await fingerprint());
  expect(new Set(seen).size).toBe(4);
  expect(await fingerprint()).toBe(seen[3]);
  expect(seen[0]).toMatch(/^[0-9a-f]{12}$/);
});
