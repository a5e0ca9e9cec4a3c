// A program of another release of Debian, with the libraries that it needs and the dynamic linker of that release, in a folder that can
// be copied anywhere. Nothing is installed.
import { chmod, copyFile, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { runChecked } from '../../support/run-checked.ts';
import { buildOnce } from './build-once.ts';
import type { Progress } from './create-progress.ts';
import { inheritEnvironment } from '../../support/inherit-environment.ts';
import { runFollowed } from './run-followed.ts';

const SCRIPT = join(import.meta.dirname, '../../../packaging/root/unpack-packages.sh');

export interface ReleaseProgram {
  /** The folder; `run` in it starts the program. */
  readonly folder: string;
  /** Of the package. */
  readonly version: string;
}

/**
 * It is kept until somebody removes it, also when the archive has a newer one by then.
 *
 * @param suite the release, such as `forky`.
 * @param program its path in the release.
 */
export async function unpackReleaseProgram(
  suite: string,
  packageName: string,
  program: string,
  cache: string,
  progress: Progress,
): Promise<ReleaseProgram> {
  const name = `${packageName}-${suite}`;
  const folder = await buildOnce({
    name,
    fingerprint: '000000000001',
    cache,
    progress,
    make: async (made) => {
      const root = join(made, 'root');
      await progress.step(`${packageName} of ${suite}: download`, async (tell) =>
        runFollowed(SCRIPT, [suite, root, packageName], {
          cwd: made,
          env: inheritEnvironment(),
          onLine: tell,
        }),
      );
      const changelog = await readFile(
        join(root, `usr/share/doc/${packageName}/changelog.Debian.gz`),
      );
      const [, version] = /^\S+ \(([^)]+)\)/.exec(gunzipSync(changelog).toString()) ?? [];
      if (version === undefined) throw new Error(`no version of ${name}`);
      await writeFile(join(made, 'version'), version);
      await collect(root, program, made);
      await rm(root, { recursive: true });
    },
  });
  return { folder, version: await readFile(join(folder, 'version'), 'utf8') };
}

/** The program with its linker and libraries, beside each other. */
async function collect(root: string, program: string, made: string): Promise<void> {
  const folder = join(made, 'lib');
  await mkdir(folder);
  const [linker] = await Array.fromAsync(
    glob(`${root}/{usr/,}lib{/*-linux-gnu,64}/ld-linux-*.so.*`),
  );
  const [libraries] = await Array.fromAsync(glob(`${root}/usr/lib/*-linux-gnu`));
  if (linker === undefined || libraries === undefined) throw new Error(`no linker in ${root}`);
  await copyFile(linker, join(folder, 'ld.so'));
  await copyFile(join(root, program), join(folder, 'program'));
  const path = [libraries, libraries.replace('/usr/', '/')].join(':');
  const listed = await runChecked(join(folder, 'ld.so'), [
    '--library-path',
    path,
    '--list',
    join(folder, 'program'),
  ]);
  for (const [, library = ''] of listed.matchAll(/ => (\/\S+) /g)) {
    if (!library.includes('/ld-linux')) await copyFile(library, join(folder, basename(library)));
  }
  for (const name of ['ld.so', 'program']) await chmod(join(folder, name), 0o755);
  await writeFile(
    join(made, 'run'),
    '#!/bin/sh\nhere=${0%/*}/lib\nexec "$here/ld.so" --library-path "$here" "$here/program" "$@"\n',
  );
  await chmod(join(made, 'run'), 0o755);
}
