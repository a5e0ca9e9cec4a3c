// An installation of pgtoken that the server's user can read, wherever the checkout lies and whatever its mode: launcher,
// bundle, runtime, module and configuration in a temporary folder of their own, owned by whoever runs the tests.
//
// It takes what `npm run build` and `npm run build:pam` made, and refuses what is older than its sources.
import {
  chmod,
  constants,
  copyFile,
  cp,
  glob,
  link,
  mkdir,
  realpath,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { ownedByServerUser } from './as-server-user.ts';
import { runChecked } from './run-checked.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface StagedInstallation extends AsyncDisposable {
  readonly folder: string;
  /** The command, as /usr/bin/pgtoken would be. */
  readonly command: string;
  /** The command with a home folder of its own, so that no key cache gets into that of the server's user. */
  readonly helper: string;
  /** pam_pgtoken.so. */
  readonly module: string;
  /** issuers.yaml, mode 0644. */
  readonly config: string;
  /** Puts another file in its place, as a daemon that runs wants it. */
  readonly writeConfig: (text: string) => Promise<void>;
  /** Writes it in place. */
  readonly overwriteConfig: (text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
  readonly keep: () => void;
}

const CHECKOUT = join(import.meta.dirname, '..', '..');

/** Stages an installation with this issuers.yaml, of this checkout or of another one. */
export async function stageInstallation(
  issuersYAML: string,
  checkout: string = CHECKOUT,
): Promise<StagedInstallation> {
  await assertBuilt(
    checkout,
    'dist/pgtoken.cjs',
    ['src/**/*.ts', 'rolldown.config.ts'],
    'npm run build',
  );
  await assertBuilt(
    checkout,
    'pam/build/pam_pgtoken.so',
    ['pam/*.c', 'pam/*.h', 'pam/*.map', 'pam/Makefile'],
    'npm run build:pam',
  );

  const folder = await createTemporaryFolder('installation');
  const inside = (path: string): string => join(folder.path, path);
  const writeConfig = async (text: string): Promise<void> => {
    await writeFile(inside('etc/new.yaml'), text);
    await chmod(inside('etc/new.yaml'), 0o644);
    await rename(inside('etc/new.yaml'), inside('etc/issuers.yaml'));
  };
  const overwriteConfig = async (text: string): Promise<void> =>
    writeFile(inside('etc/issuers.yaml'), text);

  try {
    for (const path of ['bin', 'dist', 'runtime', 'lib', 'etc']) {
      await mkdir(inside(path));
      await chmod(inside(path), 0o755); // whatever the umask
    }
    await cp(join(checkout, 'dist'), inside('dist'), { recursive: true });
    for await (const path of glob('dist/**', { cwd: folder.path })) {
      const isFolder = (await stat(inside(path))).isDirectory();
      await chmod(inside(path), isFolder ? 0o755 : 0o644);
    }
    await install(join(checkout, 'bin/pgtoken'), inside('bin/pgtoken'), 0o755);
    await install(join(checkout, 'pam/build/pam_pgtoken.so'), inside('lib/pam_pgtoken.so'), 0o644);
    await stageRuntime(checkout, inside('runtime/node'));
    await runChecked(join(checkout, 'packaging/make-compile-cache.sh'), [folder.path]);
    const home = ['-d', '-m', '0700', ...ownedByServerUser(), inside('home')];
    await runChecked('install', home);
    const helper = `#!/bin/sh\nHOME=${inside('home')} exec ${inside('bin/pgtoken')} "$@"\n`;
    await writeFile(inside('bin/helper'), helper);
    await chmod(inside('bin/helper'), 0o755);
    await writeConfig(issuersYAML);
  } catch (error) {
    await folder.remove();
    throw error;
  }

  return {
    folder: folder.path,
    command: inside('bin/pgtoken'),
    helper: inside('bin/helper'),
    module: inside('lib/pam_pgtoken.so'),
    config: inside('etc/issuers.yaml'),
    writeConfig,
    overwriteConfig,
    remove: folder.remove,
    keep: folder.keep,
    [Symbol.asyncDispose]: folder.remove,
  };
}

async function install(source: string, target: string, mode: number): Promise<void> {
  await copyFile(source, target);
  await chmod(target, mode);
}

// The runtime has 150 MB. A hard link costs nothing, and it does where it is possible: owner and mode are those of the
// original then, which must let everybody run it.
async function stageRuntime(checkout: string, target: string): Promise<void> {
  const source = await realpath(join(checkout, 'node_modules', '.bin', 'node'));
  if (((await stat(source)).mode & 0o005) === 0o005) {
    const linked = await link(source, target).then(
      () => true,
      () => false, // another file system, or one that has no links
    );
    if (linked) return;
  }
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await chmod(target, 0o755);
}

/** Throws when a build product is missing or older than one of its sources. */
async function assertBuilt(
  checkout: string,
  product: string,
  sources: readonly string[],
  command: string,
): Promise<void> {
  const built = await stat(join(checkout, product)).catch(() => undefined);
  if (built === undefined) throw new Error(`${product} is missing: ${command} makes it`);
  for await (const source of glob(sources, { cwd: checkout })) {
    if ((await stat(join(checkout, source))).mtimeMs > built.mtimeMs) {
      throw new Error(`${product} is older than ${source}: ${command} renews it`);
    }
  }
}
