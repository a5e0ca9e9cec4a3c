// Builds programs from Go modules, as their go.mod and go.sum in the checkout pin them, once: what has been built is kept
// under a name that holds all it depends on. Everything that Go itself keeps goes into the same cache folder.
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Progress } from './create-progress.ts';
import { findGo, type Go } from './find-go.ts';
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
}

/** @returns the path of each program. */
export async function buildGo(
  build: GoBuild,
  cache: string,
  progress: Progress,
): Promise<Readonly<Record<string, string>>> {
  const go = await findGo();
  const folder = join(cache, 'built', `${build.name}-${await fingerprint(build, go)}`);
  const programs = Object.fromEntries(
    Object.keys(build.programs).map((name) => [name, join(folder, name)]),
  );
  if (await isThere(folder)) {
    progress.say(`${build.name}: built before, in ${folder}`);
    return programs;
  }

  const options = {
    cwd: build.module,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: process.env['HOME'] ?? cache,
      // Where modules come from and what checks them is for the machine to say.
      ...pick(process.env, ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOENV', 'https_proxy', 'no_proxy']),
      GOMODCACHE: join(cache, 'go', 'modules'),
      GOCACHE: join(cache, 'go', 'build'),
      GOTMPDIR: await makeFolder(join(cache, 'go', 'tmp')),
      GOFLAGS: '-mod=readonly -modcacherw -trimpath -buildvcs=false',
      GOTOOLCHAIN: 'local',
      GOMAXPROCS: '2',
      CGO_ENABLED: '0',
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
  // Beside its place, so that it comes there whole.
  const made = `${folder}.${process.pid}`;
  await makeFolder(made);
  try {
    for (const [name, path] of Object.entries(build.programs)) {
      await progress.step(`${build.name}: build ${name}`, async (tell) => {
        let compiled = 0;
        tell(`${counts[name]} packages, those compiled before are taken as they are`);
        const ldflags = ['-s', '-w', ...(build.ldflags ?? [])].join(' ');
        await runFollowed(
          go.command,
          ['build', '-v', '-p', '2', '-ldflags', ldflags, '-o', join(made, name), path],
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
    await removeOlder(build.name, join(cache, 'built'), made);
    // Somebody else may have built the same meanwhile.
    await rename(made, folder).catch(async (error: unknown) => {
      if (!(await isThere(folder))) throw error;
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return programs;
}

/** Changes whenever anything that a build depends on does. */
async function fingerprint(build: GoBuild, go: Go): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum']) hash.update(await readFile(join(build.module, name)));
  hash.update(JSON.stringify([go.version, build.programs, build.ldflags ?? []]));
  return hash.digest('hex').slice(0, 12);
}

/** What was built of other sources or by another Go is of no use any more. */
async function removeOlder(name: string, folder: string, but: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry);
    if (path !== but && new RegExp(`^${RegExp.escape(name)}-[0-9a-f]{12}$`).test(entry)) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return path;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function pick(
  from: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = from[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
