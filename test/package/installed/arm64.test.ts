// The package for arm64, built on this machine for another: its module and its runtime run under qemu, in a root folder that
// has the libraries of that architecture.
import { spawn } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { poll } from '../../support/poll.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { signToken } from '../../support/sign-token.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { buildPackage } from '../machine/build-package.ts';
import { readFigure } from '../machine/read-figure.ts';
import { makeRoot, SCRIPTS, type RootFolder } from '../machine/root-folder.ts';

const URL = 'https://issuer.example.com';
const QEMU = 'qemu-aarch64-static';
const RUNTIME = '/usr/lib/pgtoken/runtime/node';
const PROGRAM = '/usr/lib/pgtoken/dist/pgtoken.cjs';
const MODULE = '/usr/lib/aarch64-linux-gnu/security/pam_pgtoken.so';

let folder: TemporaryFolder;
let root: RootFolder;
let built: string;
/** What apt would do to install it. */
let simulated: string;

beforeAll(async () => {
  folder = await createTemporaryFolder('arm64');
  built = await buildPackage(join(folder.path, 'built'), {
    options: ['--arch', 'arm64'],
  });
  root = await makeRoot('bookworm', [
    'qemu-user-static',
    'pamtester:arm64',
    'libatomic1:arm64',
    'libstdc++6:arm64',
  ]);
  await root.put('/srv', built);
  simulated = await root.sh('apt-get -q --simulate install /srv/pgtoken_*_arm64.deb');
  // Not configured, as the programs that its scripts call would be those of the other architecture as well.
  await root.sh('dpkg --unpack /srv/pgtoken_*_arm64.deb');
});

afterAll(async () => {
  await root?.remove();
  await folder?.remove();
});

it('has less than 40 MB, as many as docs/develop/packaging.md says', async () => {
  const { size } = await stat(built);
  expect(size).toBeLessThan(40_000_000);
  expect(Math.abs(readFigure('package, arm64') - size / 1e6)).toBeLessThan(1);
});

it('asks for packages that Debian has for arm64', () => {
  expect(simulated).toMatch(/^Conf pgtoken:arm64 \(\S+ local-deb \[arm64\]\)$/m);
});

it('has nothing in it for another architecture, and finds every library', async () => {
  for (const path of [RUNTIME, MODULE]) {
    const header = await root.sh(`od -An -tx1 -N20 ${path}`);
    // ELF, 64 bits, little-endian, machine 183 (AArch64).
    expect(header.trim().split(/\s+/).join(' ')).toMatch(/^7f 45 4c 46 02 01 .* b7 00$/);
    const libraries = await root.sh(`${QEMU} /lib/ld-linux-aarch64.so.1 --list ${path}`);
    expect(libraries).toContain('libc.so.6 => /lib/aarch64-linux-gnu/libc.so.6');
    expect(libraries).not.toContain('not found');
  }
});

it('says its version', async () => {
  const version = await root.sh(`dpkg-query -W -f '\${Version}' pgtoken`);
  expect(await root.sh(`${QEMU} ${RUNTIME} ${PROGRAM} --version`)).toBe(`${version}\n`);
  expect(inject('packages').current).toContain(`_${version}_`);
});

it('decides a login: the module asks the daemon', async () => {
  const key = await createSigningKey('ES256', 'k1');
  const now = Math.floor(Date.now() / 1000);
  const token = signToken(key, {
    iss: URL,
    aud: 'postgres',
    sub: 'alice',
    iat: now,
    exp: now + 600,
  });
  const config = writeIssuersYAML([
    {
      name: 'pinned',
      issuer: { url: URL, audiences: ['postgres'] },
      keys: { jwksFile: 'keys.json' },
      roles: [{ claim: 'sub' }],
    },
  ]);
  const write = async (path: string, text: string): Promise<void> =>
    writeFile(join(root.path, path), text);
  await write('etc/pgtoken/issuers.yaml', config);
  await write('etc/pgtoken/keys.json', JSON.stringify({ keys: [key.publicJWK] }));
  await write(
    'etc/pam.d/pgtoken',
    'auth required pam_pgtoken.so\naccount required pam_pgtoken.so\n',
  );
  // pamtester asks for the password on its standard input; PAM's own prompt takes at most 511 bytes there.
  await write('srv/token', `${token}\n`);
  expect(token.length).toBeLessThan(500);

  const daemon = spawn(
    'setpriv',
    [
      '--pdeathsig=KILL',
      join(SCRIPTS, 'in-root.sh'),
      root.path,
      'sh',
      '-c',
      `mkdir /run/pgtoken; exec ${QEMU} ${RUNTIME} ${PROGRAM} serve`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let log = '';
  daemon.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
  try {
    await poll('the daemon ready', () => (log.includes('"msg":"ready"') ? true : undefined));
    const login = (role: string): string =>
      `${QEMU} /usr/bin/pamtester pgtoken '${role}' authenticate acct_mgmt </srv/token`;

    const granted = await root.run(login('alice'));
    expect(granted).toMatchObject({ status: 0 });
    expect(granted.stdout).toContain('successfully authenticated');

    const denied = await root.run(login('bob'));
    expect(denied.status).toBe(1);
    expect(denied.stderr).toContain(
      'pgtoken: denied ERR_ROLE_NOT_PERMITTED role "bob" asked for, and the token may only be "alice". HINT: Connect as a role that the token may be, or add a role rule.',
    );
  } finally {
    const ended = new Promise((resolve) => daemon.once('close', resolve));
    daemon.kill('SIGKILL');
    await ended;
  }
});
