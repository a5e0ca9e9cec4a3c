// Libraries of PyPI; requirements.txt pins them and what they need, with their hashes.
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildOnce, fingerprintOf } from '../../machine/build-once.ts';
import { inheritEnvironment } from '../../machine/environment.ts';
import { runFollowed } from '../../machine/run-followed.ts';
import { type Install, needTool, pinnedVersion, sourcesOf, writeCommand } from './ecosystem.ts';

const HINT = 'Install Python 3.11 or newer with pip (on Debian: python3-pip) and put it in PATH.';

export const installPyPI: Install = async (makers, cache, progress) => {
  const python = await needTool('python3', ['--version'], HINT);
  await needTool('python3', ['-m', 'pip', '--version'], HINT);
  const sources = sourcesOf('pypi');
  const folder = await buildOnce({
    name: 'jose-pypi',
    fingerprint: await fingerprintOf(sources, [python]),
    cache,
    progress,
    make: async (made) => {
      await cp(sources, made, { recursive: true });
      const packages = join(made, 'packages');
      await progress.step('jose: Python packages', async (tell) =>
        runFollowed(
          'python3',
          [
            '-m',
            'pip',
            'install',
            '--require-hashes',
            '--only-binary=:all:',
            '--no-deps',
            '--target',
            packages,
            '-r',
            'requirements.txt',
          ],
          {
            cwd: made,
            env: {
              ...inheritEnvironment(),
              PIP_CACHE_DIR: join(cache, 'pip'),
              PIP_DISABLE_PIP_VERSION_CHECK: '1',
              PIP_ROOT_USER_ACTION: 'ignore',
            },
            onLine: tell,
          },
        ),
      );
      await mkdir(join(made, 'bin'));
      for (const maker of makers) {
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
