// Files that are watched: every change is noticed, from the very moment on.
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createFileWatcher, type FileWatcher } from '../../../src/daemon/reload/watch-files.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let watcher: FileWatcher;
let changes: number;
let detached: (readonly string[])[];

const inside = (path: string): string => join(folder.path, path);
const noticed = async (count: number) =>
  poll(`change ${count}`, () => (changes >= count ? changes : undefined));

beforeEach(async () => {
  folder = await createTemporaryFolder('watch-files');
  changes = 0;
  detached = [];
  watcher = createFileWatcher({
    onChange: () => (changes += 1),
    onDetached: (files) => void detached.push(files),
  });
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

it('is noticed once the file stands still, however long it is written', async () => {
  watcher.watch([inside('a')]);
  const writing = setInterval(() => {
    appendFileSync(inside('a'), 'x');
  }, 20);
  await delay(1500);
  expect(changes).toBe(0);
  clearInterval(writing);
  expect(await noticed(1)).toBe(1);
});

it('is noticed of each file, not only of the first', async () => {
  writeFileSync(inside('b'), '1');
  watcher.watch([inside('a'), inside('b')]);
  writeFileSync(inside('b'), '22');
  expect(await noticed(1)).toBe(1);
});

it('says which files are seen as they were before, as long as they are', async () => {
  // A descriptor holds the file as a mount does.
  const fd = openSync(inside('a'), 'r');
  const seen = `/proc/self/fd/${fd}`;
  watcher.watch([inside('none'), seen]);
  rmSync(inside('a'));
  await poll('the report', () => detached.length > 0 || undefined);
  expect(detached).toEqual([[seen]]);
  watcher.watch([inside('none')]);
  await poll('another report', () => detached.length > 1 || undefined);
  expect(detached).toEqual([[seen], []]);
  closeSync(fd);
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
