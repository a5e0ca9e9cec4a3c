// Drivers of Debian 12, with all that they need, and run by that release's own dynamic linker. Nothing is installed; the archive has
// one version of each, which is the one that is recorded.
import { cp, glob, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { runChecked } from '../../support/run-checked.ts';
import { type Install, writeCommand } from '../ecosystems/ecosystem.ts';
import { buildOnce, fingerprintOf } from '../machine/build-once.ts';
import { inheritEnvironment } from '../../support/inherit-environment.ts';
import { runFollowed } from '../machine/run-followed.ts';

const SCRIPT = join(import.meta.dirname, '../../../packaging/root/unpack-packages.sh');
const SUITE = 'bookworm';
const PACKAGES = [
  'libdbd-pg-perl',
  'odbc-postgresql',
  'php8.2-cli',
  'php8.2-pgsql',
  'postgresql-client-15',
  'ruby-pg',
  'unixodbc-dev',
];

/** What runs each program; `$root` is the folder, `run PATH` runs a program of the release. */
const COMMANDS: Readonly<Record<string, string>> = {
  'psql.sh': `psql="$linker $root/debian/usr/lib/postgresql/15/bin/psql"; . "$root/psql.sh"`,
  'dbd-pg.pl': `PERL5LIB=$libraries/perl-base:$libraries/perl5/5.36:$libraries/perl/5.36:$root/debian/usr/share/perl/5.36
export PERL5LIB; exec $linker "$root/debian/usr/bin/perl" "$root/dbd-pg.pl" "$@"`,
  'pdo-pgsql.php': `exec $linker "$root/debian/usr/bin/php8.2" -n -d extension_dir="$(echo "$root"/debian/usr/lib/php/2*)" \\
  -d extension=pdo -d extension=pdo_pgsql "$root/pdo-pgsql.php" "$@"`,
  'ruby-pg.rb': `ruby=$root/debian/usr/lib/ruby
RUBYLIB=$ruby/vendor_ruby:$ruby/3.1.0:$libraries/ruby/vendor_ruby/3.1.0:$libraries/ruby/3.1.0
export RUBYLIB; exec $linker "$root/debian/usr/bin/ruby3.1" --disable-gems "$root/ruby-pg.rb" "$@"`,
  psqlodbc: `export PSQLODBC="$libraries/odbc/psqlodbcw.so"; exec $linker "$root/psqlodbc" "$@"`,
};

export const installDebian: Install = async (programs, cache, progress) => {
  const sources = join(programs.folder, 'debian');
  const folder = await buildOnce({
    name: `${programs.part}-debian`,
    fingerprint: await fingerprintOf(sources, [JSON.stringify([PACKAGES, COMMANDS])]),
    cache,
    progress,
    make: async (made) => {
      await cp(sources, made, { recursive: true });
      const root = join(made, 'debian');
      await progress.step(`${programs.part}: Debian packages`, async (tell) =>
        runFollowed(SCRIPT, [SUITE, root, ...PACKAGES], {
          cwd: made,
          env: inheritEnvironment(),
          onLine: tell,
        }),
      );
      const linker = await findOne(`${root}/{usr/,}lib/*-linux-gnu/ld-linux-*.so.*`);
      const libraries = await findOne(`${root}/usr/lib/*-linux-gnu`);
      const options = ['-std=c11', '-Wall', '-Wextra', '-Werror'];
      const headers = [
        '-isystem',
        `${root}/usr/include`,
        '-isystem',
        libraries.replace('/lib/', '/include/'),
      ];
      const files = ['-o', 'psqlodbc', 'psqlodbc.c', join(libraries, 'libodbc.so.2')];
      const more = [`-Wl,-rpath-link,${libraries}`, '-Wl,--allow-shlib-undefined'];
      await runChecked('gcc', [...options, ...headers, ...files, ...more], { cwd: made });
      await mkdir(join(made, 'bin'));
      // The folder is moved afterwards.
      const moved = (path: string): string => path.replace(made, '$root');
      const path = [libraries, libraries.replace('/usr/', '/')].map(moved).join(':');
      const start = `libraries=${moved(libraries)}\nlinker="${moved(linker)} --library-path ${path}"`;
      for (const name of programs.names) {
        await writeCommand(made, name, `${start}\n${COMMANDS[name] ?? 'exit 1'}`);
      }
    },
  });
  const changelogs = new Map<string, string>();
  for (const name of PACKAGES) {
    const path = join(folder, 'debian/usr/share/doc', name, 'changelog.Debian.gz');
    changelogs.set(name, gunzipSync(await readFile(path)).toString());
  }
  return {
    toolchain: 'Debian 12',
    versionOf: (name) => {
      const [, version] = /^\S+ \(([^)]+)\)/.exec(changelogs.get(name) ?? '') ?? [];
      if (version === undefined) throw new Error(`no version of ${name}`);
      return version;
    },
    commandOf: (name) => join(folder, 'bin', name),
  };
};

async function findOne(pattern: string): Promise<string> {
  const [path] = await Array.fromAsync(glob(pattern));
  if (path === undefined) throw new Error(`nothing is ${pattern}`);
  return path;
}
