// Libraries of Maven Central: pom.xml names them, and jars.sha256 has the sum of every jar that comes of it.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildOnce, fingerprintOf } from '../machine/build-once.ts';
import { inheritEnvironment } from '../../support/inherit-environment.ts';
import { runFollowed } from '../machine/run-followed.ts';
import { needTool } from '../machine/need-tool.ts';
import { pinnedVersion } from '../machine/pinned-version.ts';
import { type Install, writeCommand } from './ecosystem.ts';

const HINT =
  'Install a JDK 17 or newer and Maven (on Debian: openjdk-17-jdk-headless and maven) and put both in PATH.';

export const installMaven: Install = async (programs, cache, progress) => {
  const javac = await needTool('javac', ['-version'], HINT);
  await needTool('mvn', ['--version'], HINT);
  const sources = join(programs.folder, 'maven');
  const env = inheritEnvironment();
  const folder = await buildOnce({
    name: `${programs.part}-maven`,
    fingerprint: await fingerprintOf(sources, [javac]),
    cache,
    progress,
    make: async (made) => {
      await cp(sources, made, { recursive: true });
      const jars = join(made, 'jars');
      await progress.step(`${programs.part}: Java packages`, async (tell) =>
        runFollowed(
          'mvn',
          [
            '--batch-mode',
            `-Dmaven.repo.local=${join(cache, 'maven')}`,
            'dependency:copy-dependencies',
            `-DoutputDirectory=${jars}`,
          ],
          { cwd: made, env, onLine: tell },
        ),
      );
      await assertSums(jars, await readFile(join(sources, 'jars.sha256'), 'utf8'));
      await progress.step(`${programs.part}: compile Java`, async (tell) => {
        const files = (await readdir(made)).filter((name) => name.endsWith('.java'));
        const options = ['-cp', join(jars, '*'), '-d', join(made, 'classes')];
        await runFollowed('javac', [...options, ...files], { cwd: made, env, onLine: tell });
      });
      await mkdir(join(made, 'bin'));
      for (const maker of programs.names) {
        await writeCommand(made, maker, `exec java -cp "$root/classes:$root/jars/*" ${maker} "$@"`);
      }
    },
  });
  const pins = await readFile(join(sources, 'pom.xml'), 'utf8');
  return {
    toolchain: `JDK ${javac.replace('javac ', '')}`,
    versionOf: (name) =>
      pinnedVersion(
        pins,
        new RegExp(
          `<artifactId>${RegExp.escape(name.split(':')[1] ?? '')}</artifactId>\\s*<version>([^<]+)<`,
        ),
      ),
    commandOf: (maker) => join(folder, 'bin', maker),
  };
};

/** Throws when a jar is another one than it was, is missing, or was not there. */
async function assertSums(folder: string, expected: string): Promise<void> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).toSorted((a, b) => (a < b ? -1 : 1))) {
    const sum = createHash('sha256').update(await readFile(join(folder, name)));
    lines.push(`${sum.digest('hex')}  ${name}\n`);
  }
  if (lines.join('') !== expected) {
    throw new Error(`expected the jars of jars.sha256, and Maven brought:\n${lines.join('')}`);
  }
}
