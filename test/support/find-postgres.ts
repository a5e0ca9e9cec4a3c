// Finds the newest PostgreSQL installation of the machine, where Debian and PGDG put it.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const INSTALLATIONS = '/usr/lib/postgresql';

/**
 * Returns the folder of initdb, postgres and psql. Throws when there is no server of version 14 or newer.
 *
 * @param root a root folder in which to look; the answer is a path inside it.
 */
export function findPostgres(root = '/'): string {
  const installations = join(root, INSTALLATIONS);
  const versions = existsSync(installations) ? readdirSync(installations) : [];
  const newestFirst = versions
    .map(Number)
    .filter((version) => version >= 14)
    .toSorted((a, b) => b - a);
  for (const version of newestFirst) {
    const folder = join(INSTALLATIONS, String(version), 'bin');
    if (['initdb', 'postgres', 'psql'].every((name) => existsSync(join(root, folder, name))))
      return folder;
  }
  throw new Error(
    `no PostgreSQL server of version 14 or newer in ${installations}: packaging/bootstrap.sh installs one`,
  );
}
