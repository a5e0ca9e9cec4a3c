// Libraries of Debian: two commands, two libraries for C, and those of Perl and Ruby. Nothing is installed; the archive has one
// version of each, which is the one that is recorded.
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from '../../../support/run-checked.ts';
import { buildOnce, fingerprintOf } from '../../machine/build-once.ts';
import { unpackDebianPackages } from '../../machine/unpack-debian-package.ts';
import { type Install, writeCommand } from '../../ecosystems/ecosystem.ts';

const PACKAGES = [
  'jose libjose0 rnbyc librhonabwy1.1 liborcania2.3 libyder2.0 libcurl3-gnutls libgnutls30 libjansson4',
  'libcjose-dev libcjose0 libjwt-dev libjwt0 libb64-0d',
  'libcrypt-jwt-perl libcryptx-perl libjson-perl',
  'ruby-jwt ruby3.1 libruby3.1 rubygems-integration libyaml-0-2',
].flatMap((line) => line.split(' '));

export const installDebian: Install = async (programs, cache, progress) => {
  const { root, versions } = await unpackDebianPackages('jose', PACKAGES, cache, progress);
  const multiarch = (await runChecked('gcc', ['-print-multiarch'])).trim();
  const libraries = join(root, 'usr/lib', multiarch);
  const gem = join(
    root,
    `usr/share/rubygems-integration/all/gems/jwt-${versions['ruby-jwt']?.split('-')[0]}/lib`,
  );
  const ruby = [gem, `${root}/usr/lib/ruby/vendor_ruby`, `${root}/usr/lib/ruby/3.1.0`];
  const environment = `export LD_LIBRARY_PATH='${libraries}' PATH='${root}/usr/bin':"$PATH"`;
  const runs: Readonly<Record<string, string>> = {
    jose: 'exec sh "$root/jose.sh" "$@"',
    rnbyc: 'exec sh "$root/rnbyc.sh" "$@"',
    cjose: 'exec "$root/cjose" "$@"',
    libjwt: 'exec "$root/libjwt" "$@"',
    'crypt-jwt': `PERL5LIB='${root}/usr/share/perl5:${libraries}/perl5/5.36' exec /usr/bin/perl "$root/crypt-jwt.pl" "$@"`,
    'ruby-jwt': `RUBYLIB='${[...ruby, `${libraries}/ruby/3.1.0`].join(':')}' exec ruby3.1 "$root/ruby-jwt.rb" "$@"`,
  };
  const sources = join(programs.folder, 'debian');
  const folder = await buildOnce({
    name: 'jose-debian',
    fingerprint: await fingerprintOf(sources, [JSON.stringify([versions, runs])]),
    cache,
    progress,
    make: async (made) => {
      await cp(sources, made, { recursive: true });
      for (const [name, library] of [
        ['cjose', 'libcjose.so.0'],
        ['libjwt', 'libjwt.so.0'],
      ]) {
        const options = ['-std=gnu11', '-Wall', '-Wextra', `-Wl,-rpath-link,${libraries}`];
        const include = ['-isystem', join(root, 'usr/include')];
        const files = ['-o', `${name}`, `${name}.c`, join(libraries, `${library}`)];
        await runChecked('gcc', [...options, ...include, ...files], {
          cwd: made,
        });
      }
      await mkdir(join(made, 'bin'));
      for (const maker of programs.names) {
        await writeCommand(made, maker, `${environment}\n${runs[maker] ?? 'exit 1'}`);
      }
    },
  });
  return {
    toolchain: 'Debian 12',
    versionOf: (name) => versions[name] ?? '',
    commandOf: (maker) => join(folder, 'bin', maker),
  };
};
