// Libraries of Go modules; go.mod and go.sum pin them with their hashes.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { buildGo } from '../machine/build-go.ts';
import { findGo } from '../machine/find-go.ts';
import { pinnedVersion } from '../machine/pinned-version.ts';
import type { Install } from './ecosystem.ts';

export const installGo: Install = async (programs, cache, progress) => {
  const go = await findGo();
  const module = join(programs.folder, 'go');
  const built = await buildGo(
    {
      name: `${programs.part}-go`,
      module,
      programs: Object.fromEntries(
        programs.names.map((maker) => [maker, `${basename(programs.folder)}/${maker}`]),
      ),
    },
    cache,
    progress,
  );
  const pins = await readFile(join(module, 'go.mod'), 'utf8');
  return {
    toolchain: go.version,
    versionOf: (name) =>
      pinnedVersion(pins, new RegExp(`^(?:\\s+|require )${RegExp.escape(name)} v(\\S+)`, 'm')),
    commandOf: (maker) => built[maker] ?? '',
  };
};
