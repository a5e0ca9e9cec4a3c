// A program of the distribution, without installing it: installed, a server would start with the machine. The package is
// downloaded by apt-get and unpacked into the cache; nothing of the machine changes, and nobody has to be root.
import { access, glob, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import type { Progress } from './create-progress.ts';
import { runFollowed } from './run-followed.ts';

export interface UnpackedPackages {
  /** What stands for `/`. */
  readonly root: string;
  /** Of each package. */
  readonly versions: Readonly<Record<string, string>>;
}

/** One package. The libraries that it needs must be there. Throws when the archive does not have it. */
export async function unpackDebianPackage(
  name: string,
  cache: string,
  progress: Progress,
): Promise<{ readonly root: string; readonly version: string }> {
  const { root, versions } = await unpackDebianPackages(name, [name], cache, progress);
  return { root, version: versions[name] ?? '' };
}

/**
 * Several packages that need each other, into one root.
 *
 * @param label what they are called together.
 */
export async function unpackDebianPackages(
  label: string,
  names: readonly string[],
  cache: string,
  progress: Progress,
): Promise<UnpackedPackages> {
  const folder = join(cache, 'debian', label);
  const root = join(folder, 'root');
  if (await hasAll(folder, names))
    progress.say(`Debian package ${label}: unpacked before, in ${root}`);
  else {
    const fetched = `${folder}.${process.pid}`;
    await mkdir(fetched, { recursive: true });
    try {
      await progress.step(`Debian package ${label}: download`, async (tell) =>
        download(names, fetched, join(cache, 'debian', 'lists'), tell),
      );
      for (const name of names) {
        await runChecked('dpkg-deb', ['-x', await findFile(fetched, name), join(fetched, 'root')]);
      }
      await rm(folder, { recursive: true, force: true });
      await rename(fetched, folder);
    } finally {
      await rm(fetched, { recursive: true, force: true });
    }
  }
  const versions: Record<string, string> = {};
  for (const name of names) {
    const version = await runChecked('dpkg-deb', ['-f', await findFile(folder, name), 'Version']);
    versions[name] = version.trim();
  }
  return { root, versions };
}

async function hasAll(folder: string, names: readonly string[]): Promise<boolean> {
  try {
    await access(join(folder, 'root'));
    for (const name of names) await findFile(folder, name);
    return true;
  } catch {
    return false;
  }
}

/** With the machine's own package lists, and where these are missing or too old with new ones, kept in the cache. */
async function download(
  names: readonly string[],
  folder: string,
  lists: string,
  tell: (howFar: string) => void,
): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
  // As root apt-get would download as another user, who may not write here.
  const plain = ['-q', '-o', 'APT::Sandbox::User=root'];
  const aptGet = async (args: readonly string[]): Promise<string> =>
    runFollowed('apt-get', [...plain, ...args], { cwd: folder, env, onLine: tell });
  await aptGet(['download', ...names]).catch(async () => {
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`];
    await aptGet([...own, 'update']);
    await aptGet([...own, 'download', ...names]);
  });
}

async function findFile(folder: string, name: string): Promise<string> {
  const [file, ...more] = await Array.fromAsync(glob(join(folder, `${name}_*.deb`)));
  if (file === undefined || more.length > 0) {
    throw new Error(`expected one .deb of ${name} in ${folder}`);
  }
  return file;
}
