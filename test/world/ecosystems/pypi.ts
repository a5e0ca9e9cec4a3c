// Libraries of PyPI.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { installPyPI as installPackages } from '../machine/install-pypi.ts';
import { pinnedVersion } from '../machine/pinned-version.ts';
import { type Install, writeCommand } from './ecosystem.ts';

export const installPyPI: Install = async (programs, cache, progress) => {
  const sources = join(programs.folder, 'pypi');
  const { folder, python } = await installPackages({
    name: `${programs.part}-pypi`,
    sources,
    cache,
    progress,
    finish: async (made) => {
      await mkdir(join(made, 'bin'));
      for (const maker of programs.names) {
        await writeCommand(
          made,
          maker,
          `PYTHONPATH=$root/packages PYTHONWARNINGS=ignore exec python3 "$root/${maker}" "$@"`,
        );
      }
    },
  });
  const pins = await readFile(join(sources, 'requirements.txt'), 'utf8');
  return {
    toolchain: python,
    versionOf: (name) => pinnedVersion(pins, new RegExp(`^${RegExp.escape(name)}==(\\S+)`, 'im')),
    commandOf: (maker) => join(folder, 'bin', maker),
  };
};
