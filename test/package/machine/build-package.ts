// Debian packages for the tests, made by packaging/package.sh as `npm run package` does.
import { join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import { CHECKOUT, environment } from './root-folder.ts';

/** Two packages at once on two slow processors, with a build root to make first. */
const BUILD_LIMIT = 900_000;

/** Builds with these options of packaging/package.sh. @returns the path of the package */
export async function buildPackage(
  output: string,
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const stdout = await runChecked(
    join(CHECKOUT, 'packaging', 'package.sh'),
    ['--output', output, ...options],
    { env: { ...environment(), ...env }, hangLimit: BUILD_LIMIT },
  );
  const path = /^(\S+\.deb): \d+ KiB, \d+ KiB installed$/m.exec(stdout)?.[1];
  if (path === undefined) throw new Error(`packaging/package.sh says no path: ${stdout}`);
  return path;
}
