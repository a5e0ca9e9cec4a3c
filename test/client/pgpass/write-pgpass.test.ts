// Reading and replacing the .pgpass on a real file system, and on one that is full.
import {
  chmod,
  chown,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  type Files,
  readPgpass,
  removeLeftovers,
  SYSTEM_FILES,
  writePgpass,
} from '../../../src/client/pgpass/write-pgpass.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let path: string;

beforeEach(async () => {
  folder = await createTemporaryFolder('write-pgpass');
  path = join(folder.path, '.pgpass');
});

afterEach(async () => {
  await folder.remove();
});

/** A file system on which this operation fails. */
function failing(operation: 'writeFile' | 'sync' | 'rename', code: string): Files {
  const error = Object.assign(new Error(code), { code });
  return {
    ...SYSTEM_FILES,
    rename: async (from, to) => {
      if (operation === 'rename') throw error;
      return SYSTEM_FILES.rename(from, to);
    },
    open: async (name, flags, mode) => {
      const file = await SYSTEM_FILES.open(name, flags, mode);
      if (operation !== 'rename') {
        file[operation] = async () => {
          throw error;
        };
      }
      return file;
    },
  };
}

describe('a .pgpass', () => {
  it.each([0o600, 0o640, 0o400])('is made with mode %o whatever the umask', async (mode) => {
    const before = process.umask(0o077);
    try {
      expect(await writePgpass(path, 'a:b\n', mode)).toBeUndefined();
    } finally {
      process.umask(before);
    }
    expect((await stat(path)).mode & 0o7777).toBe(mode);
    expect(await readFile(path, 'utf8')).toBe('a:b\n');
    expect(await readdir(folder.path)).toEqual(['.pgpass']);
  });

  it('is replaced as a whole: who has it open reads the old one to its end', async () => {
    await writePgpass(path, 'old\n', 0o600);
    await using reader = await open(path);
    await link(path, join(folder.path, 'other'));
    expect(await writePgpass(path, 'new\n', 0o600)).toBeUndefined();
    expect(await reader.readFile('utf8')).toBe('old\n');
    expect(await readFile(join(folder.path, 'other'), 'utf8')).toBe('old\n');
    expect(await readPgpass(path)).toEqual({ ok: true, text: 'new\n', mode: 0o600 });
  });

  it('is read byte by byte, with its mode', async () => {
    await writeFile(path, Buffer.from([0xff, 0x0a]));
    await chmod(path, 0o644);
    expect(await readPgpass(path)).toEqual({ ok: true, text: '\u00ff\n', mode: 0o644 });
  });

  it('may be missing', async () => {
    expect(await readPgpass(path)).toEqual({ ok: true, text: '', mode: undefined });
  });

  it('is left alone, and nothing beside it, where there is no room', async () => {
    await writePgpass(path, 'old\n', 0o600);
    for (const [operation, code, reason] of [
      ['writeFile', 'ENOSPC', 'there is no room for it (ENOSPC); the one from before is kept'],
      ['sync', 'EDQUOT', 'there is no room for it (EDQUOT); the one from before is kept'],
      ['rename', 'EBUSY', 'it is mounted by itself, and cannot be replaced (EBUSY)'],
      ['rename', 'EROFS', 'its file system is mounted read-only (EROFS)'],
      ['rename', 'EIO', 'the file system answers EIO'],
    ] as const) {
      expect(await writePgpass(path, 'new\n', 0o600, failing(operation, code))).toMatchObject({
        reason,
      });
      expect(await readFile(path, 'utf8')).toBe('old\n');
      expect(await readdir(folder.path)).toEqual(['.pgpass']);
    }
  });

  it('cannot be made where there is no folder', async () => {
    const inside = join(folder.path, 'none', '.pgpass');
    expect(await writePgpass(inside, '', 0o600)).toMatchObject({
      reason: `there is no folder ${join(folder.path, 'none')}`,
      hint: 'Make it, or mount it, for the user that this runs as.',
    });
  });

  it('takes what a killed run has left beside it away, and nothing else', async () => {
    const kept = ['.pgpass', '.pgpass.old', '.pgpassx.1-a.pgtoken'];
    for (const name of [...kept, '.pgpass.77-k3x.pgtoken'])
      await writeFile(join(folder.path, name), '');
    await removeLeftovers(path);
    expect((await readdir(folder.path)).toSorted()).toEqual(kept.toSorted());
  });
});

describe('what is not ours to replace', () => {
  it.each<readonly [what: string, reason: string, make: () => Promise<unknown>]>([
    [
      'a symbolic link',
      'it is a symbolic link; expected a regular file, or none',
      async () => symlink('other', path),
    ],
    ['a folder', 'it is a folder; expected a regular file, or none', async () => mkdir(path)],
    [
      'a large file',
      'it has 2000000 bytes; expected a .pgpass of at most 1048576',
      async () => writeFile(path, Buffer.alloc(2_000_000)),
    ],
  ])('is refused: %s', async (_what, reason, make) => {
    await make();
    expect(await readPgpass(path)).toMatchObject({ ok: false, reason });
  });

  it('is refused: a file of another user', async () => {
    const own = process.geteuid?.() ?? 0;
    await writeFile(path, '');
    let files = SYSTEM_FILES;
    if (own === 0) {
      await chown(path, 4242, 4242);
    } else {
      // Only root can give one away.
      files = { ...files, lstat: async (name) => Object.assign(await stat(name), { uid: 4242 }) };
    }
    expect(await readPgpass(path, files)).toMatchObject({
      reason: `it belongs to user ID 4242; expected ${own}, as which this runs`,
      hint: 'Run pgtoken pgpass as the owner, or remove the file: it is made again.',
    });
  });
});
