// Libraries of npm, on the Node runtime of this checkout.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { installNPM as installPackages } from '../machine/install-npm.ts';
import { pinnedVersion } from '../machine/pinned-version.ts';
import { type Install, writeCommand } from './ecosystem.ts';

export const installNPM: Install = async (programs, cache, progress) => {
  const sources = join(programs.folder, 'npm');
  const folder = await installPackages({
    name: `${programs.part}-npm`,
    sources,
    cache,
    progress,
    finish: async (made) => {
      await mkdir(join(made, 'bin'));
      for (const maker of programs.names) {
        await writeCommand(made, maker, `exec "${process.execPath}" "$root/${maker}" "$@"`);
      }
    },
  });
  const pins = await readFile(join(sources, 'package.json'), 'utf8');
  return {
    toolchain: `Node ${process.version.slice(1)}`,
    versionOf: (name) => pinnedVersion(pins, new RegExp(`"${RegExp.escape(name)}": "([^"]+)"`)),
    commandOf: (maker) => join(folder, 'bin', maker),
  };
};
