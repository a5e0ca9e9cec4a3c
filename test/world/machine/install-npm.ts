// Packages of npm, on the Node runtime of this checkout; package-lock.json pins them with their hashes. No script of theirs runs.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { buildOnce, fingerprintOf } from './build-once.ts';
import type { InstallOptions } from './install-options.ts';
import { inheritEnvironment } from '../../support/inherit-environment.ts';
import { runFollowed } from './run-followed.ts';

/** @returns a folder with the sources and `node_modules`. */
export async function installNPM(options: InstallOptions): Promise<string> {
  const { name, sources, cache, progress, finish } = options;
  return buildOnce({
    name,
    fingerprint: await fingerprintOf(sources, [process.version]),
    cache,
    progress,
    make: async (made) => {
      await cp(sources, made, { recursive: true });
      await progress.step(`${name}: npm packages`, async (tell) =>
        runFollowed('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
          cwd: made,
          env: { ...inheritEnvironment(), npm_config_cache: join(cache, 'npm') },
          onLine: tell,
        }),
      );
      await finish?.(made);
    },
  });
}
