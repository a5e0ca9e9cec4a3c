// Packages of PyPI; requirements.txt pins them and what they need, with their hashes. Nothing is compiled.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { buildOnce, fingerprintOf } from './build-once.ts';
import { inheritEnvironment } from '../../support/inherit-environment.ts';
import type { InstallOptions } from './install-options.ts';
import { needTool } from './need-tool.ts';
import { runFollowed } from './run-followed.ts';

const HINT = 'Install Python 3.11 or newer with pip (on Debian: python3-pip) and put it in PATH.';
const INSTALL = '-m pip install --require-hashes --only-binary=:all: --no-deps'.split(' ');

/** @returns a folder with the sources and `packages`, for PYTHONPATH; and what runs them, such as `Python 3.11.7`. */
export async function installPyPI(
  options: InstallOptions,
): Promise<{ readonly folder: string; readonly python: string }> {
  const { name, sources, cache, progress, finish } = options;
  const python = await needTool('python3', ['--version'], HINT);
  await needTool('python3', ['-m', 'pip', '--version'], HINT);
  const folder = await buildOnce({
    name,
    fingerprint: await fingerprintOf(sources, [python]),
    cache,
    progress,
    make: async (made) => {
      await cp(sources, made, { recursive: true });
      const target = ['--target', join(made, 'packages'), '-r', 'requirements.txt'];
      await progress.step(`${name}: Python packages`, async (tell) =>
        runFollowed('python3', [...INSTALL, ...target], {
          cwd: made,
          env: {
            ...inheritEnvironment(),
            PIP_CACHE_DIR: join(cache, 'pip'),
            PIP_DISABLE_PIP_VERSION_CHECK: '1',
            PIP_ROOT_USER_ACTION: 'ignore',
          },
          onLine: tell,
        }),
      );
      await finish?.(made);
    },
  });
  return { folder, python };
}
