// Builds programs from Go modules, as their go.mod and go.sum in the checkout pin them, once. Everything that Go itself keeps goes
// into the same cache folder.
import { createHash } from 'node:crypto';
import { glob, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildOnce } from './build-once.ts';
import type { Progress } from './create-progress.ts';
import { inheritEnvironment } from '../../support/inherit-environment.ts';
import { findGo, type Go } from './find-go.ts';
import { needTool } from './need-tool.ts';
import { runFollowed } from './run-followed.ts';

export interface GoBuild {
  /** What is built, in which version, such as `kubernetes-1.37.2`. */
  readonly name: string;
  /** The folder with go.mod and go.sum. */
  readonly module: string;
  /** Each program with its package. */
  readonly programs: Readonly<Record<string, string>>;
  /** For the linker, beside what makes programs small. */
  readonly ldflags?: readonly string[];
  /** Build tags. */
  readonly tags?: readonly string[];
  /** Whether parts of it are C, such as SQLite; then it needs gcc. Default: no. */
  readonly hasC?: boolean;
}

/** @returns the path of each program. */
export async function buildGo(
  build: GoBuild,
  cache: string,
  progress: Progress,
): Promise<Readonly<Record<string, string>>> {
  const go = await findGo();
  if (build.hasC === true) await needTool('gcc', ['--version'], 'Install gcc and put it in PATH.');
  const folder = await buildOnce({
    name: build.name,
    fingerprint: await fingerprint(build, go),
    cache,
    progress,
    make: async (made) => buildInto(made, go, build, cache, progress),
  });
  return Object.fromEntries(Object.keys(build.programs).map((name) => [name, join(folder, name)]));
}

async function buildInto(
  folder: string,
  go: Go,
  build: GoBuild,
  cache: string,
  progress: Progress,
): Promise<void> {
  const options = {
    cwd: build.module,
    env: {
      ...inheritEnvironment(),
      GOMODCACHE: join(cache, 'go', 'modules'),
      GOCACHE: join(cache, 'go', 'build'),
      GOTMPDIR: await makeFolder(join(cache, 'go', 'tmp')),
      GOFLAGS: [
        '-mod=readonly -modcacherw -trimpath -buildvcs=false',
        ...(build.tags === undefined ? [] : [`-tags=${build.tags.join(',')}`]),
      ].join(' '),
      GOTOOLCHAIN: 'local',
      GOMAXPROCS: '2',
      CGO_ENABLED: build.hasC ? '1' : '0',
    },
  };
  // How many packages each program consists of; listing them downloads their modules.
  const counts: Record<string, number> = {};
  await progress.step(`${build.name}: download modules`, async (tell) => {
    let downloads = 0;
    for (const [name, path] of Object.entries(build.programs)) {
      const listed = await runFollowed(go.command, ['list', '-deps', path], {
        ...options,
        onLine: (line) => {
          if (!line.startsWith('go: downloading ')) return;
          downloads += 1;
          tell(`${downloads} so far, ${line.slice('go: downloading '.length)}`);
        },
      });
      counts[name] = listed.split('\n').length;
    }
  });
  for (const [name, path] of Object.entries(build.programs)) {
    await progress.step(`${build.name}: build ${name}`, async (tell) => {
      let compiled = 0;
      tell(`${counts[name]} packages, those compiled before are taken as they are`);
      const ldflags = ['-s', '-w', ...(build.ldflags ?? [])].join(' ');
      await runFollowed(
        go.command,
        ['build', '-v', '-p', '2', '-ldflags', ldflags, '-o', join(folder, name), path],
        {
          ...options,
          // With -v a package is named when it is compiled; the program itself comes last, and is linked.
          onLine: (line) => {
            compiled += 1;
            tell(
              line === path
                ? 'linking'
                : `${compiled} packages compiled of ${counts[name]} at most, ${line}`,
            );
          },
        },
      );
    });
  }
}

/** Changes whenever anything that a build depends on does. */
async function fingerprint(build: GoBuild, go: Go): Promise<string> {
  const hash = createHash('sha256');
  const sources = await Array.fromAsync(glob('**/*.go', { cwd: build.module }));
  for (const name of ['go.mod', 'go.sum', ...sources.toSorted((a, b) => (a < b ? -1 : 1))]) {
    hash.update(await readFile(join(build.module, name)));
  }
  const { programs, ldflags = [], tags, hasC } = build;
  hash.update(
    JSON.stringify([go.version, programs, ldflags, ...(tags ?? []), ...(hasC ? [hasC] : [])]),
  );
  return hash.digest('hex').slice(0, 12);
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return path;
}
