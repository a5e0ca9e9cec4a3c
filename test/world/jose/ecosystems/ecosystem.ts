// How the libraries of one registry are installed, with the programs of makers/ that use them.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../../../support/run.ts';
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

/** Throws, with what to do, when there is no such command. @returns the first line of what it says of itself. */
export async function needTool(
  command: string,
  args: readonly string[],
  hint: string,
): Promise<string> {
  const result = await run(command, args).catch(() => undefined);
  if (result?.status !== 0) {
    throw new Error(`\`${command} ${args.join(' ')}\` is needed and does not run\nHINT: ${hint}`);
  }
  return (result.stdout || result.stderr).split('\n')[0]?.trim() ?? '';
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

/** The version behind a name in a file that pins it. Throws when it is not there. */
export function pinnedVersion(text: string, pattern: RegExp): string {
  const [, version] = pattern.exec(text) ?? [];
  if (version === undefined) throw new Error(`no version by ${pattern.source}`);
  return version;
}
