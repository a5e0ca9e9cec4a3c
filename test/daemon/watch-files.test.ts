// Files that are watched: every change is noticed, from the very moment on.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createFileWatcher, type FileWatcher } from '../../src/daemon/watch-files.ts';
import { poll } from '../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
let watcher: FileWatcher;
let changes: number;

const inside = (path: string): string => join(folder.path, path);
const noticed = async (count: number) =>
  poll(`change ${count}`, () => (changes >= count ? changes : undefined));

beforeEach(async () => {
  folder = await createTemporaryFolder('watch-files');
  changes = 0;
  watcher = createFileWatcher(() => (changes += 1));
  writeFileSync(inside('a'), '1');
});

afterEach(async () => {
  watcher.stop();
  await folder.remove();
});

describe('a change is noticed', () => {
  it.each<[what: string, change: () => void]>([
    // Of another length: within a tick of the clock the time of the change may be the same.
    ['in place', () => writeFileSync(inside('a'), '22')],
    [
      'by another file in its place',
      () => {
        writeFileSync(inside('b'), '1');
        renameSync(inside('b'), inside('a'));
      },
    ],
    ['to none', () => rmSync(inside('a'))],
  ])('%s, right after the file began to be watched', async (_what, change) => {
    watcher.watch([inside('a')]);
    change();
    expect(await noticed(1)).toBe(1);
  });

  it('of a file that was not there', async () => {
    watcher.watch([inside('none')]);
    writeFileSync(inside('none'), '');
    expect(await noticed(1)).toBe(1);
  });

  it('of a link to another folder, as a mounted ConfigMap has it', async () => {
    for (const version of ['v1', 'v2']) {
      mkdirSync(inside(version));
      writeFileSync(inside(`${version}/f`), 'same');
    }
    symlinkSync('v1', inside('now'));
    watcher.watch([inside('now/f')]);
    symlinkSync('v2', inside('next'));
    renameSync(inside('next'), inside('now'));
    expect(await noticed(1)).toBe(1);
  });

  it('once, and each further one', async () => {
    watcher.watch([inside('a')]);
    writeFileSync(inside('a'), '2');
    expect(await noticed(1)).toBe(1);
    writeFileSync(inside('a'), '3');
    expect(await noticed(2)).toBe(2);
  });
});

it('says whether a file was not watched before, and forgets those that are not named again', async () => {
  const [a, b] = [inside('a'), inside('b')];
  expect([[a], [a], [a, b], [b], [b], [a], []].map((files) => watcher.watch(files))).toEqual([
    true,
    false,
    true,
    false,
    false,
    true,
    false,
  ]);
  watcher.watch([b]);
  writeFileSync(a, '2');
  writeFileSync(b, '2');
  expect(await noticed(1)).toBe(1);
});
