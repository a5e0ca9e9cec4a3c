// How the libraries of one registry are installed, with the programs of makers/ that use them.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Progress } from '../../machine/create-progress.ts';

export interface Installed {
  /** What runs or compiles them, such as `go1.26.8`. */
  readonly toolchain: string;
  /** Of a package, as it was pinned or found. */
  readonly versionOf: (name: string) => string;
  /** The command of a maker. */
  readonly commandOf: (maker: string) => string;
}

/** Installs what is not there yet. Throws when anything cannot be had. */
export type Install = (
  makers: readonly string[],
  cache: string,
  progress: Progress,
) => Promise<Installed>;

/** The folder with the makers of an ecosystem, and the files that pin their libraries. */
export function sourcesOf(name: string): string {
  return join(import.meta.dirname, '..', 'makers', name);
}

/**
 * Writes `bin/MAKER` into a folder that is moved afterwards.
 *
 * @param script what it runs; `$root` is the folder.
 */
export async function writeCommand(folder: string, maker: string, script: string): Promise<void> {
  const path = join(folder, 'bin', maker);
  await writeFile(
    path,
    `#!/bin/sh\nset -eu\nroot=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)\n${script}\n`,
  );
  await chmod(path, 0o755);
}
