// The two commands of README.md, on a Debian that has git, node and npm and nothing else: what packaging/bootstrap.sh installs is
// enough, by the npm of that Debian, and the tests hold with its PostgreSQL, libpam and PgBouncer.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parsePage, readPage } from '../../docs/read-markdown.ts';
import { listSources } from '../../support/list-sources.ts';
import { runChecked } from '../../support/run-checked.ts';
import { CHECKOUT, makeRoot, type RootFolder } from '../machine/root-folder.ts';

/** For packages of Debian and of npm, on a machine that does other things as well. */
const LIMIT = 840_000;

/** A part of the tests: what differs by npm, PostgreSQL, libpam and PgBouncer. All of them take a quarter of an hour. */
const PART = [
  'test/docs/dependencies.test.ts',
  'test/e2e/bootstrap.test.ts',
  'test/e2e/login.test.ts',
  'test/e2e/pgbouncer.test.ts',
  'test/package/components.test.ts',
];

/** The newer one: the other tests run on Debian 12, with the same npm. */
const SUITE = 'trixie';

describe(`on a bare ${SUITE}`, () => {
  let root: RootFolder;

  beforeAll(async () => {
    root = await makeRoot(SUITE, ['git', 'nodejs', 'npm', 'ca-certificates']);
    await setUpNpm(root);
    await copySources(join(root.path, 'root/pgtoken'));
    await root.sh('cd /root/pgtoken; git init -q; git add --all');
  });
  afterAll(async () => {
    await root?.remove();
  });

  it('README.md names these commands', () => {
    const block = readPage('README.md').blocks.find(({ text }) => text.includes('npm run demo'));
    const commands = block?.text.split('\n').map((line) => line.replace(/ +#.*/, ''));
    expect(commands?.filter((line) => line !== '')).toEqual(['npm run demo', 'npm test']);
  });

  it('npm run demo shows nine logins', async () => {
    const stdout = await root.sh('cd /root/pgtoken; npm run demo', LIMIT);
    expect(stdout).toContain('9 of 9 logins went as they should');
    expect(stdout).toContain('bootstrap: installing Debian packages: gcc make ');
    expect(stdout).toContain('bootstrap: installing the locked npm packages\n');
  });

  it('npm test passes, as far as it is run here', async () => {
    const stdout = await root.sh(`cd /root/pgtoken; npm test -- ${PART.join(' ')}`, LIMIT);
    expect(stripVTControlCharacters(stdout)).toContain(`Test Files  ${PART.length} passed (`);
  });

  it('the commands of docs/start/install.md install it without the package', async () => {
    const section = readPage('docs/start/install.md').sections.get('Without the package') ?? '';
    const { blocks } = parsePage(section);
    // There is no systemd here to be told.
    const commands = blocks.flatMap(({ text }) =>
      text.split('\n').filter((line) => !line.startsWith('systemctl ')),
    );
    await root.sh(`cd /root/pgtoken; set -e; ${commands.join('\n')}`, LIMIT);
    expect(await root.sh('cd /; pgtoken --version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    const programs = await root.sh(
      "grep -hoE '^Exec[A-Za-z]*=[^ ]+' /etc/systemd/system/pgtoken.* | cut -d= -f2 | sort -u",
    );
    expect(programs.trim().split('\n')).toEqual([
      '/usr/local/bin/pgtoken',
      '/usr/local/lib/pgtoken/bin/reload',
      '/usr/local/lib/pgtoken/bin/share-socket',
    ]);
    await root.sh(`for program in ${programs.replaceAll('\n', ' ')}; do test -x $program; done`);
    // As PAM would, which has no environment.
    const denied = await root.run(
      'cd /; printf x | env -i PAM_USER=x setpriv --reuid=pgtoken --regid=pgtoken --clear-groups /usr/local/bin/pgtoken pam --config /etc/pgtoken/issuers.yaml',
    );
    expect(denied).toMatchObject({ status: 2 });
    expect(denied.stderr).toContain('ERR_CONFIG_INVALID');
  });
});

async function copySources(folder: string): Promise<void> {
  await mkdir(folder);
  const archive = `${folder}.tar`;
  // Names of files, ended by NUL, fit into no argument.
  await runChecked('tar', ['--create', '--null', '--files-from=-', '--file', archive], {
    cwd: CHECKOUT,
    stdin: (await listSources()).join('\0'),
  });
  const as = ['--no-same-owner', '--directory', folder];
  await runChecked('tar', ['--extract', ...as, '--file', archive]);
}

/** Has npm there ask what npm asks here, and trust the same authorities. */
async function setUpNpm(root: RootFolder): Promise<void> {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^(?:HOME|npm_config_.*)$/i.test(name) ? [[name, value] as const] : [],
  );
  const env = Object.fromEntries(own);
  const get = async (key: string): Promise<string | undefined> => {
    const value = (await runChecked('npm', ['config', 'get', key], { env, cwd: '/' })).trim();
    return ['', 'null', 'undefined'].includes(value) ? undefined : value;
  };
  const lines = [`registry=${await get('registry')}`];
  const cafile = (await get('cafile')) ?? process.env['NODE_EXTRA_CA_CERTS'];
  if (cafile !== undefined) {
    await copyFile(cafile, join(root.path, 'etc/npm-authorities.pem'));
    lines.push('cafile=/etc/npm-authorities.pem');
  }
  await writeFile(join(root.path, 'root/.npmrc'), `${lines.join('\n')}\n`);
}
