// What npm run package makes: always the same bytes, not too many of them, and nothing that a system of Debian 12 could not
// load. That lintian has nothing to say is part of the build.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { glob, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { runChecked } from '../../support/run-checked.ts';
import { run } from '../../support/run.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { buildPackage } from '../machine/build-package.ts';
import { readFigure } from '../machine/read-figure.ts';
import { CHECKOUT } from '../machine/root-folder.ts';

const { current } = inject('packages');
/** Newest symbols of Debian 12's libc. */
const LIBC = [2, 36] as const;

let folder: TemporaryFolder;
const inside = (path: string): string => join(folder.path, path);

beforeAll(async () => {
  folder = await createTemporaryFolder('build');
  await runChecked('dpkg-deb', ['--raw-extract', current, inside('x')]);
});
afterAll(async () => {
  await folder?.remove();
});

const sha256 = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};
const module = async (): Promise<string> => {
  const [multiarch = ''] = (await readdir(inside('x/usr/lib'))).filter((name) =>
    name.endsWith('-linux-gnu'),
  );
  return inside(`x/usr/lib/${multiarch}/security/pam_pgtoken.so`);
};

it('has the same bytes when it is built again, elsewhere, in another time zone and language', async () => {
  const before = await readdir(CHECKOUT);
  const env = {
    TZ: 'Pacific/Kiritimati',
    LC_ALL: 'C.UTF-8',
    LANGUAGE: 'de',
    SOURCE_DATE_EPOCH: '1',
    TMPDIR: folder.path,
    USER: 'somebody',
  };
  const again = await buildPackage(inside('again'), { options: ['--no-lintian'], env });
  expect(await sha256(again)).toBe(await sha256(current));
  // And the checkout is as it was.
  expect(await readdir(CHECKOUT)).toEqual(before);
});

it('has less than 40 MB, and 150 MB when it is installed, as many as docs/develop/packaging.md says', async () => {
  const { size } = await stat(current);
  expect(size).toBeLessThan(40_000_000);
  const installed = Number(await runChecked('dpkg-deb', ['--field', current, 'Installed-Size']));
  expect(installed).toBeLessThan(150_000);

  const [, architecture = ''] = /_(\w+)\.deb$/.exec(current) ?? [];
  expect(Math.abs(readFigure(`package, ${architecture}`) - size / 1e6)).toBeLessThan(1);
  expect(Math.abs(readFigure('installed') - (installed * 1024) / 1e6)).toBeLessThan(3);
});

it('has a reason in front of what lintian is told to pass over', async () => {
  const overrides = await readFile(inside('x/usr/share/lintian/overrides/pgtoken'), 'utf8');
  const [comment = '', ...lines] = overrides.trim().split(/^(?=pgtoken: )/m);
  expect(comment).toMatch(/^(?:# .{40,}\n)+$/);
  // The reason speaks of the runtime, and so do all of them.
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    expect(line.trim()).toMatch(/^pgtoken: [\w-]+(?: \w+)? \[usr\/lib\/pgtoken\/runtime\/node\]$/);
  }
});

it.each(['usr/lib/pgtoken/runtime/node', 'the module'])(
  'has no program that wants a newer libc than that of Debian 12: %s',
  async (name) => {
    const path = name === 'the module' ? await module() : inside(`x/${name}`);
    const symbols = await runChecked('objdump', ['--dynamic-syms', path]);
    const versions = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
      ([, major, minor]) => [Number(major), Number(minor)] as const,
    );
    expect(versions.length).toBeGreaterThan(3);
    expect(
      versions.filter(
        ([major, minor]) => major > LIBC[0] || (major === LIBC[0] && minor > LIBC[1]),
      ),
    ).toEqual([]);
  },
);

it('has a module that links libpam and libc alone, hardened, and exports what PAM calls', async () => {
  const path = await module();
  const dynamic = await runChecked('readelf', ['--dynamic', '--wide', path]);
  const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, library]) => library);
  expect(needed).toEqual(['libpam.so.0', 'libc.so.6']);
  expect(dynamic).toMatch(/FLAGS.*NOW/);
  expect(await runChecked('readelf', ['--program-headers', '--wide', path])).toContain('GNU_RELRO');
  const exported = await runChecked('nm', ['--dynamic', '--defined-only', path]);
  expect([...exported.matchAll(/ T (\w+)/g)].map(([, name]) => name)).toEqual([
    'pam_sm_acct_mgmt',
    'pam_sm_authenticate',
    'pam_sm_setcred',
  ]);
});

it('puts nothing into place that lets anybody in', async () => {
  const etc = await runChecked('find', [inside('x/etc'), '-type', 'f', '-printf', '%P %m\n']);
  expect(etc.trim().split('\n').toSorted()).toEqual([
    'default/pgtoken 644',
    'pgtoken/issuers.yaml 644',
  ]);
  const defaults = await readFile(inside('x/etc/default/pgtoken'), 'utf8');
  expect(defaults.split('\n').filter((line) => !line.startsWith('#') && line !== '')).toEqual([]);
  const config = await readFile(inside('x/etc/pgtoken/issuers.yaml'), 'utf8');
  expect(config.split('\n').filter((line) => !line.startsWith('#') && line !== '')).toEqual([
    'apiVersion: pgtoken/v1',
    'issuers: []',
  ]);
  const scripts = await Promise.all(
    ['postinst', 'prerm', 'postrm'].map(async (name) =>
      readFile(inside(`x/DEBIAN/${name}`), 'utf8'),
    ),
  );
  expect(scripts.join('\n')).not.toMatch(/pam\.d|pam-auth-update|pg_hba/);
});

it('has the pages of docs, whose links lead to what is there', async () => {
  const docs = inside('x/usr/share/doc/pgtoken');
  const pages = await Array.fromAsync(glob('{*.md,docs/**/*.md}', { cwd: docs }));
  expect(pages.length).toBeGreaterThan(20);
  const missing = await Promise.all(
    pages.map(async (page) => {
      const text = await readFile(join(docs, page), 'utf8');
      const links = [...text.matchAll(/\]\(((?!https?:)[^)#]+)/g)].map(([, link = '']) => link);
      // What is about the sources stays with them.
      return links.filter(
        (link) =>
          !/^(?:\.\.\/)*(?:test\/|src\/|findings\/|LICENSE$)/.test(link) &&
          !existsSync(join(docs, dirname(page), link)),
      );
    }),
  );
  expect(missing.flat()).toEqual([]);
});

it('has an example in issuers.yaml that is accepted', async () => {
  const config = await readFile(inside('x/etc/pgtoken/issuers.yaml'), 'utf8');
  const [, example = ''] = config.split('issuers: []\n');
  await runChecked('install', ['-m', '0644', '/dev/null', inside('issuers.yaml')]);
  const text = `apiVersion: pgtoken/v1\n${example.trim().replaceAll(/^# ?/gm, '')}\n`;
  const check = await run(
    'sh',
    [
      '-c',
      'cat >"$1"; "$2" config check "$1"',
      'sh',
      inside('issuers.yaml'),
      inside('x/usr/lib/pgtoken/bin/pgtoken'),
    ],
    { stdin: text },
  );
  expect(check).toMatchObject({
    status: 0,
    stdout: `${inside('issuers.yaml')}: ok, 1 issuer: homelab\n`,
  });
});

it('says no to an architecture, a version or an option that there is not', async () => {
  const script = join(CHECKOUT, 'packaging', 'package.sh');
  expect(await run(script, ['--arch', 'riscv64'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'package: there is no package for riscv64; expected amd64 or arm64\n',
  });
  expect(await run(script, ['--version', '1 2'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: "package: --version 1 2; expected one of Debian's, such as 1.2.3~rc1\n",
  });
  expect(await run(script, ['--archs'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'package: unknown option --archs\nHINT: See the head of packaging/package.sh.\n',
  });
});
