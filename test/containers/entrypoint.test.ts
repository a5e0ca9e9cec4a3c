// The entrypoint of the container recipe, with stand-ins for what it starts: what each of them gets, and how it all ends. With
// real ones it is in running/ (npm run test:containers).
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ROOT } from '../docs/read-markdown.ts';
import { run, type RunResult } from '../support/run.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const ENTRYPOINT = join(ROOT, 'packaging/container/pgtoken-entrypoint');

let folder: TemporaryFolder;
const inside = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = await createTemporaryFolder('entrypoint');
  const programs = {
    pgtoken: `env >"${inside('daemon')}.new"; echo "$@" >>"${inside('daemon')}.new"; mv "${inside('daemon')}.new" "${inside('daemon')}"; exec sleep 60`,
    // Ends as soon as the daemon has been started.
    'docker-entrypoint.sh': `env >"${inside('server')}"; until [ -e "${inside('daemon')}" ]; do sleep 0.05; done; exit 3`,
    // Only in a container are there such users.
    id: 'echo 0',
    install: ':',
    setpriv: 'while [ "$1" != pgtoken ]; do shift; done; exec "$@"',
  };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(inside(name), `#!/bin/sh\n${script}\n`);
    await chmod(inside(name), 0o755);
  }
});
afterAll(async () => {
  await folder?.remove();
});

const start = async (...args: readonly string[]): Promise<RunResult> =>
  run(ENTRYPOINT, args, {
    env: {
      PATH: `${folder.path}:${process.env['PATH'] ?? ''}`,
      POSTGRES_PASSWORD: 'Zq7secret',
      PGPASSWORD: 'Zq7secret',
      POSTGRES_USER: 'postgres',
    },
  });

it('ends with the status of the server, whose password is not told to the daemon', async () => {
  expect(await start('postgres', '-c', 'ssl=on')).toMatchObject({ status: 3 });
  expect(await readFile(inside('server'), 'utf8')).toContain('POSTGRES_PASSWORD=Zq7secret\n');
  const daemon = await readFile(inside('daemon'), 'utf8');
  expect(daemon).toMatch(/^serve$/m);
  expect(daemon).toContain('POSTGRES_USER=postgres\n');
  expect(daemon).not.toContain('Zq7secret');
});
