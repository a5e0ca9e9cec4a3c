// Libraries of npm, on the Node runtime of this checkout; package-lock.json pins them with their hashes.
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildOnce, fingerprintOf } from '../../machine/build-once.ts';
import { inheritEnvironment } from '../../machine/environment.ts';
import { runFollowed } from '../../machine/run-followed.ts';
import { type Install, pinnedVersion, sourcesOf, writeCommand } from './ecosystem.ts';

export const installNPM: Install = async (makers, cache, progress) => {
  const sources = sourcesOf('npm');
  const folder = await buildOnce({
    name: 'jose-npm',
    fingerprint: await fingerprintOf(sources, [process.version]),
    cache,
    progress,
    make: async (made) => {
      await cp(sources, made, { recursive: true });
      await progress.step('jose: npm packages', async (tell) =>
        runFollowed('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
          cwd: made,
          env: {
            ...inheritEnvironment(),
            npm_config_cache: join(cache, 'npm'),
          },
          onLine: tell,
        }),
      );
      await mkdir(join(made, 'bin'));
      for (const maker of makers) {
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
