// Libraries of Go modules; go.mod and go.sum pin them with their hashes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildGo } from '../../machine/build-go.ts';
import { findGo } from '../../machine/find-go.ts';
import { pinnedVersion } from '../../machine/pinned-version.ts';
import { type Install, sourcesOf } from './ecosystem.ts';

export const installGo: Install = async (makers, cache, progress) => {
  const go = await findGo();
  const module = sourcesOf('go');
  const programs = await buildGo(
    {
      name: 'jose-go',
      module,
      programs: Object.fromEntries(makers.map((maker) => [maker, `makers/${maker}`])),
    },
    cache,
    progress,
  );
  const pins = await readFile(join(module, 'go.mod'), 'utf8');
  return {
    toolchain: go.version,
    versionOf: (name) =>
      pinnedVersion(pins, new RegExp(`^\\s+${RegExp.escape(name)} v(\\S+)`, 'm')),
    commandOf: (maker) => programs[maker] ?? '',
  };
};
