// A clean Debian in a temporary folder, with commands that run inside it. There is no systemd in it that runs: see machine.ts.
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { runChecked } from '../../support/run-checked.ts';
import { run, type RunResult } from '../../support/run.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

export const CHECKOUT = join(import.meta.dirname, '..', '..', '..');
/** packaging/root, which has what makes and enters root folders. */
export const SCRIPTS = join(CHECKOUT, 'packaging', 'root');

/** The releases that the package is for, with the PostgreSQL that each carries. */
export const RELEASES = [
  { suite: 'bookworm', postgresql: '15' },
  { suite: 'trixie', postgresql: '17' },
] as const;
/** One of them. */
export type Suite = (typeof RELEASES)[number]['suite'];

/** What apt may take, on a machine that does other things as well. */
export const INSTALL_LIMIT = 300_000;

export interface RootFolder extends AsyncDisposable {
  readonly path: string;
  /** Runs a script as root, in namespaces of its own, with the host's network; resolves whatever its status is. */
  readonly run: (script: string, hangLimit?: number) => Promise<RunResult>;
  /** The same; returns standard output, throws unless it exits 0. */
  readonly sh: (script: string, hangLimit?: number) => Promise<string>;
  /** Copies files of the host into a folder of the root. */
  readonly put: (folder: string, ...files: readonly string[]) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Unpacks a clean system with these packages in it. */
export async function makeRoot(
  suite: string,
  packages: readonly string[] = [],
): Promise<RootFolder> {
  const folder = await createTemporaryFolder('root');
  const path = join(folder.path, suite);
  const env = environment();
  const inRoot = [path, 'sh', '-euc'];
  try {
    await runChecked(join(SCRIPTS, 'make-root.sh'), [suite, path, ...packages], {
      env,
      hangLimit: 2 * INSTALL_LIMIT,
    });
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    path,
    run: async (script, hangLimit = INSTALL_LIMIT) =>
      run(join(SCRIPTS, 'in-root.sh'), [...inRoot, script], { env, hangLimit }),
    sh: async (script, hangLimit = INSTALL_LIMIT) =>
      runChecked(join(SCRIPTS, 'in-root.sh'), [...inRoot, script], { env, hangLimit }),
    put: async (inside, ...files) => {
      await runChecked('mkdir', ['-p', join(path, inside)]);
      for (const file of files) await copyFile(file, join(path, inside, basename(file)));
    },
    remove: folder.remove,
    [Symbol.asyncDispose]: folder.remove,
  };
}

/** What the scripts need of the environment. */
export function environment(): Record<string, string> {
  const names = ['HOME', 'XDG_CACHE_HOME', 'DEBIAN_MIRROR', 'TMPDIR'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
