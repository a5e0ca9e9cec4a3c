// How the libraries of one registry are installed, with the programs of a part that use them.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Progress } from '../machine/create-progress.ts';

export interface Installed {
  /** What runs or compiles them, such as `go1.26.8`. */
  readonly toolchain: string;
  /** Of a package, as it was pinned or found. */
  readonly versionOf: (name: string) => string;
  /** The command of a program. */
  readonly commandOf: (name: string) => string;
}

/** Programs of a part, in a folder for each registry, with the files that pin their libraries. */
export interface Programs {
  readonly part: string;
  /** Their folder; its name is that of the Go module. */
  readonly folder: string;
  /** Those of the registry. */
  readonly names: readonly string[];
}

/** Installs what is not there yet. Throws when anything cannot be had. */
export type Install = (programs: Programs, cache: string, progress: Progress) => Promise<Installed>;

/**
 * Writes `bin/NAME` into a folder that is moved afterwards.
 *
 * @param script what it runs; `$root` is the folder.
 */
export async function writeCommand(folder: string, name: string, script: string): Promise<void> {
  const path = join(folder, 'bin', name);
  await writeFile(
    path,
    `#!/bin/sh\nset -eu\nroot=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)\n${script}\n`,
  );
  await chmod(path, 0o755);
}
