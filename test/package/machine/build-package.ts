// Debian packages for the tests, made by packaging/package.sh as `npm run package` does.
import { dirname, join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import { CHECKOUT, environment } from './root-folder.ts';

/** Two packages at once on two slow processors, with a build root to make first. */
const BUILD_LIMIT = 900_000;

/** For those who run the package and do not examine it: in less time, at the price of a larger file. */
export const QUICK_OPTIONS = ['--fast', '--no-lintian'] as const;

/** How it is built. */
export interface BuildOptions {
  /** Of packaging/package.sh. */
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Gets what it says of its progress. */
  readonly watch?: (text: string) => void;
}

/** Builds one into a folder. @returns the path of the package */
export async function buildPackage(
  output: string,
  { options = [], env = {}, watch = () => undefined }: BuildOptions = {},
): Promise<string> {
  const stdout = await runChecked(
    join(CHECKOUT, 'packaging', 'package.sh'),
    ['--output', output, ...options],
    // What a build that is killed leaves behind goes with the folder.
    { env: { ...environment(), TMPDIR: dirname(output), ...env }, hangLimit: BUILD_LIMIT, watch },
  );
  const path = /^(\S+\.deb): \d+ KiB, \d+ KiB installed$/m.exec(stdout)?.[1];
  if (path === undefined) throw new Error(`packaging/package.sh says no path: ${stdout}`);
  return path;
}
