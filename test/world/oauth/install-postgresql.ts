// PostgreSQL 19 of Debian's experimental in a root folder of forky, with the validator compiled there.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import { CHECKOUT, makeRoot, type RootFolder, SCRIPTS } from '../../package/machine/root-folder.ts';

/** What it needs of forky. */
export const FROM_FORKY = [
  'gcc',
  'libc6-dev',
  'libkrb5-dev',
  'libssl-dev',
  'make',
  'postgresql-common',
] as const;

/** The version of the server in experimental, such as `19~rc1`. */
export async function findExperimentalVersion(): Promise<string> {
  await using root = await makeRoot('forky', ['ca-certificates']);
  await addExperimental(root);
  const shown = await root.sh(
    "apt-cache show postgresql-19 | sed -n 's/^Version: \\(.*\\)-[^-]*$/\\1/p'",
  );
  return shown.trim();
}

/** Adds the lists of experimental to a root folder of forky. Its packages are taken only where they are named, or nobody else has them. */
export async function addExperimental(root: RootFolder): Promise<void> {
  const mirror = (await runChecked(join(SCRIPTS, 'find-mirror.sh'), [])).trim();
  await root.sh(`
    echo 'deb ${process.env['DEBIAN_MIRROR'] ?? mirror} experimental main' >/etc/apt/sources.list.d/experimental.list
    apt-get -q update`);
}

/** What the sanitized build is compiled with; whoever runs the server preloads their libraries. */
export const SANITIZED = '-fsanitize=address,undefined -fno-sanitize-recover=undefined -g';

/** Installs the server, and compiles and installs the validator. @param flags of the compiler, besides */
export async function installPostgreSQL(root: RootFolder, flags = ''): Promise<void> {
  await addExperimental(root);
  await root.sh('apt-get -q install -y --no-install-recommends postgresql-19 libpq5/experimental');
  await unpackHeaders(root, '19');
  await installValidator(root, flags);
}

/** Brings what the validator is compiled from. @param version of the server that is installed there */
export async function unpackHeaders(root: RootFolder, version: string): Promise<void> {
  await cp(join(CHECKOUT, 'oauth'), join(root.path, 'srv/src/oauth'), { recursive: true });
  await cp(join(CHECKOUT, 'pam'), join(root.path, 'srv/src/pam'), { recursive: true });
  // Of the package with the headers its files are enough: it would bring a whole clang along.
  await root.sh(`
    cd /srv
    apt-get -q download postgresql-server-dev-${version}
    dpkg-deb --extract postgresql-server-dev-${version}_*.deb /
    rm -f src/oauth/*.o src/oauth/*.so`);
}

/** Plants a write behind the end of allocated memory, which no compiler leaves out, at the begin of each validation, and installs that. @param flags as of {@link installValidator} */
export async function plantFault(root: RootFolder, flags = ''): Promise<void> {
  const source = '/srv/src/oauth/pgtoken_validator.c';
  await root.sh(`
    grep -q '^static bool validate(.*{$' ${source}
    sed -i '/^static bool validate(.*{$/a { static void *(*volatile fill)(void *, int, size_t) = memset; fill(strdup(role), 1, strlen(role) + 2); }' ${source}`);
  await installValidator(root, flags);
}

/** Compiles the validator anew, and installs it in the place of one that is there. */
export async function installValidator(
  root: RootFolder,
  flags = '',
  version = '19',
): Promise<void> {
  const make = `make -C /srv/src/oauth PG_CONFIG=/usr/lib/postgresql/${version}/bin/pg_config COPT='${flags}'`;
  await root.sh(`${make} clean; ${make}; ${make} install`);
}
