// A file that is created is whole, readable for the daemon, and never takes the place of another.
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createFile } from '../../src/files/create-file.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await createTemporaryFolder('create-file');
});
afterEach(async () => {
  await folder.remove();
});
const inside = (path: string): string => join(folder.path, path);

it('creates it with its folder, mode 0644', async () => {
  expect(await createFile(inside('a/b'), 'text\n')).toBe(true);
  expect(await readFile(inside('a/b'), 'utf8')).toBe('text\n');
  expect((await stat(inside('a/b'))).mode & 0o7777).toBe(0o644);
  expect(await readdir(inside('a'))).toEqual(['b']);
});

it('leaves one that is there as it is, and nothing beside it', async () => {
  await writeFile(inside('b'), 'old');
  expect(await createFile(inside('b'), 'new')).toBe(false);
  expect(await readFile(inside('b'), 'utf8')).toBe('old');
  expect(await readdir(folder.path)).toEqual(['b']);
});

it('does not follow a link that leads nowhere', async () => {
  await symlink(inside('target'), inside('b'));
  expect(await createFile(inside('b'), 'new')).toBe(false);
  expect(await readdir(folder.path)).toEqual(['b']);
});

it('is by one of several at the same time', async () => {
  const created = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => createFile(inside('b'), `${index}`)),
  );
  const at = created.indexOf(true);
  expect(created.filter((one) => one)).toHaveLength(1);
  expect(await readFile(inside('b'), 'utf8')).toBe(`${at}`);
});
