// Libraries of crates; Cargo.lock pins them and what they need, with their hashes. Some of them are for OpenSSL, whose headers come
// from Debian.
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import { buildOnce, fingerprintOf } from '../machine/build-once.ts';
import { inheritEnvironment } from '../../support/inherit-environment.ts';
import { runFollowed } from '../machine/run-followed.ts';
import { unpackDebianPackages } from '../machine/unpack-debian-package.ts';
import { needTool } from '../machine/need-tool.ts';
import { pinnedVersion } from '../machine/pinned-version.ts';
import type { Install } from './ecosystem.ts';

const HINT = 'Install Rust 1.89 or newer and put cargo in PATH.';

export const installCrates: Install = async (programs, cache, progress) => {
  const cargo = await needTool('cargo', ['--version'], HINT);
  const sources = join(programs.folder, 'crates');
  const openssl = await unpackDebianPackages(
    'openssl-headers',
    ['libssl-dev', 'libssl3'],
    cache,
    progress,
  );
  const lock = await readFile(join(sources, 'Cargo.lock'), 'utf8');
  const folder = await buildOnce({
    name: `${programs.part}-crates`,
    fingerprint: await fingerprintOf(sources, [cargo]),
    cache,
    progress,
    make: async (made) => {
      const target = join(cache, 'cargo', 'target');
      const multiarch = (await runChecked('gcc', ['-print-multiarch'])).trim();
      const include = join(openssl.root, 'usr/include');
      const count = lock.match(/^name = /gm)?.length ?? 0;
      await progress.step(`${programs.part}: build crates`, async (tell) => {
        let compiled = 0;
        const build = ['build', '--release', '--locked', '--jobs', '1'];
        await runFollowed('nice', ['-n', '10', 'cargo', ...build], {
          cwd: sources,
          env: {
            ...inheritEnvironment(),
            CARGO_HOME: join(cache, 'cargo'),
            CARGO_TARGET_DIR: target,
            OPENSSL_LIB_DIR: join(openssl.root, 'usr/lib', multiarch),
            OPENSSL_INCLUDE_DIR: include,
            CPATH: join(include, multiarch),
          },
          onLine: (line) => {
            if (line.trimStart().startsWith('Compiling ')) compiled += 1;
            tell(`${compiled} of ${count} crates at most, ${line.trim()}`);
          },
        });
      });
      await mkdir(join(made, 'bin'));
      for (const maker of programs.names) {
        await copyFile(join(target, 'release', maker), join(made, 'bin', maker));
      }
    },
  });
  return {
    toolchain: cargo.replace(/^cargo (\S+).*/, 'Rust $1'),
    versionOf: (name) =>
      pinnedVersion(lock, new RegExp(`^name = "${RegExp.escape(name)}"\nversion = "([^"]+)"`, 'm')),
    commandOf: (maker) => join(folder, 'bin', maker),
  };
};
