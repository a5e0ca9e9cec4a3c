// A program of the distribution, without installing it: installed, a server would start with the machine. The package is
// downloaded by apt-get and unpacked into the cache; nothing of the machine changes, and nobody has to be root.
import { access, glob, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import type { Progress } from './create-progress.ts';
import { runFollowed } from './run-followed.ts';

export interface UnpackedPackage {
  /** What stands for `/`. */
  readonly root: string;
  readonly version: string;
}

/** The libraries that it needs must be there. Throws when the archive does not have it. */
export async function unpackDebianPackage(
  name: string,
  cache: string,
  progress: Progress,
): Promise<UnpackedPackage> {
  const folder = join(cache, 'debian', name);
  const root = join(folder, 'root');
  const isThere = await access(root).then(
    () => true,
    () => false,
  );
  if (isThere) progress.say(`Debian package ${name}: unpacked before, in ${root}`);
  else {
    const fetched = `${folder}.${process.pid}`;
    await mkdir(fetched, { recursive: true });
    try {
      await progress.step(`Debian package ${name}: download`, async (tell) =>
        download(name, fetched, join(cache, 'debian', 'lists'), tell),
      );
      await runChecked('dpkg-deb', ['-x', await findFile(fetched), join(fetched, 'root')]);
      await rm(folder, { recursive: true, force: true });
      await rename(fetched, folder);
    } finally {
      await rm(fetched, { recursive: true, force: true });
    }
  }
  const version = await runChecked('dpkg-deb', ['-f', await findFile(folder), 'Version']);
  return { root, version: version.trim() };
}

/** With the machine's own package lists, and where these are missing or too old with new ones, kept in the cache. */
async function download(
  name: string,
  folder: string,
  lists: string,
  tell: (howFar: string) => void,
): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
  // As root apt-get would download as another user, who may not write here.
  const plain = ['-q', '-o', 'APT::Sandbox::User=root'];
  const aptGet = async (args: readonly string[]): Promise<string> =>
    runFollowed('apt-get', [...plain, ...args], { cwd: folder, env, onLine: tell });
  await aptGet(['download', name]).catch(async () => {
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`];
    await aptGet([...own, 'update']);
    await aptGet([...own, 'download', name]);
  });
}

async function findFile(folder: string): Promise<string> {
  const [file, ...more] = await Array.fromAsync(glob(join(folder, '*.deb')));
  if (file === undefined || more.length > 0) throw new Error(`expected one .deb in ${folder}`);
  return file;
}
