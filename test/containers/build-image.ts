// Images for the tests, made by the recipes of packaging/container. There is no registry to get the official images from,
// and where there is no engine but ours, it runs no step of a build: so each begins with a clean Debian with that release's own
// PostgreSQL and a stand-in for docker-entrypoint.sh, and the recipe's steps run in its root folder, as user root.
import { spawn } from 'node:child_process';
import { copyFile, cp, glob, mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { finished } from 'node:stream/promises';

import { getContainerRuntimeClient } from 'testcontainers';

import { CHECKOUT, makeRoot, type RootFolder } from '../package/machine/root-folder.ts';
import { runChecked } from '../support/run-checked.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { readContainerfile, type Recipe, type Step } from './read-containerfile.ts';

/** Where the image begins. */
export interface Base {
  readonly suite: string;
  readonly postgresql: string;
  /** What else the base has done, in a shell as root. */
  readonly prepare?: string;
}

export interface Image {
  readonly name: string;
  readonly recipe: Recipe;
  readonly environment: Readonly<Record<string, string>>;
  /** IDs of user postgres in it. */
  readonly postgres: { readonly uid: number; readonly gid: number };
  readonly remove: () => Promise<void>;
}

/** What the official images set. */
const PGDATA = '/var/lib/postgresql/data';

/**
 * Makes an image and gives it to the engine that testcontainers finds.
 *
 * @param containerfile the recipe, relative to the checkout
 * @param deb the package that it copies from build/
 */
export async function buildImage(base: Base, containerfile: string, deb: string): Promise<Image> {
  const [, architecture = ''] = /_(\w+)\.deb$/.exec(deb) ?? [];
  const recipe = readContainerfile(join(CHECKOUT, containerfile), { TARGETARCH: architecture });
  await using root = await makeRoot(base.suite, [
    'ca-certificates',
    `postgresql-${base.postgresql}`,
  ]);
  await becomeBase(root, base);

  // What the recipe sees: the checkout, with this package in build/.
  await using context = await createTemporaryFolder('context');
  await cp(join(CHECKOUT, 'packaging'), join(context.path, 'packaging'), { recursive: true });
  await mkdir(join(context.path, 'build'));
  await copyFile(deb, join(context.path, 'build', basename(deb)));
  for (const step of recipe.steps) await take(step, root, context.path);

  const ids = (await root.sh('id -u postgres; id -g postgres')).trim().split('\n').map(Number);
  const [uid = NaN, gid = NaN] = ids;
  const name = `localhost/pgtoken-test-${base.suite}-${basename(root.path)}-${process.pid}-${Date.now()}:latest`;
  await importImage(root.path, name);
  return {
    name,
    recipe,
    environment: {
      PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/${base.postgresql}/bin`,
      LANG: 'C.UTF-8',
      PGDATA,
    },
    postgres: { uid, gid },
    remove: async () => {
      const { container } = await getContainerRuntimeClient();
      await container.dockerode.getImage(name).remove({ force: true });
    },
  };
}

async function becomeBase(root: RootFolder, { prepare }: Base): Promise<void> {
  await root.put('/usr/local/bin', join(import.meta.dirname, 'docker-entrypoint.sh'));
  // The cluster of Debian's package is not one of the official images.
  await root.sh(`
    chmod 0755 /usr/local/bin/docker-entrypoint.sh
    mkdir /docker-entrypoint-initdb.d
    rm -rf /var/lib/postgresql/[0-9]* /etc/postgresql/[0-9]*
    ${prepare ?? ''}`);
}

async function take(step: Step, root: RootFolder, context: string): Promise<void> {
  switch (step.kind) {
    case 'copy': {
      const sources = await Array.fromAsync(glob(step.from, { cwd: context }));
      if (sources.length === 0) throw new Error(`there is no ${step.from} to copy`);
      if (!step.to.endsWith('/') && sources.length > 1) throw new Error(`${step.to} is no folder`);
      for (const source of sources) {
        const to = step.to.endsWith('/') ? join(step.to, basename(source)) : step.to;
        const { mode } = await stat(join(context, source));
        await runChecked('install', [
          '-D',
          '-m',
          (mode & 0o777).toString(8),
          join(context, source),
          join(root.path, to),
        ]);
      }
      return;
    }
    case 'run':
      await root.sh(step.script);
  }
}

/** Streams the folder into the engine, as `docker import` does. */
async function importImage(folder: string, name: string): Promise<void> {
  const { container } = await getContainerRuntimeClient();
  const tar = spawn('tar', ['--create', '--numeric-owner', '--directory', folder, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => tar.once('close', resolve));
  const progress = await container.dockerode.importImage(tar.stdout, {
    repo: name.replace(/:latest$/, ''),
    tag: 'latest',
  });
  let said = '';
  progress.setEncoding('utf8').on('data', (text: string) => (said += text));
  await finished(progress, { writable: false });
  if ((await ended) !== 0 || said.includes('"error"')) {
    throw new Error(`the image was not imported: ${said}`);
  }
  await container.dockerode.getImage(name).inspect();
}
