// Which PgBouncer is new enough.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { checkVersion, parseVersion } from '../../../src/client/pooler/check-version.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

it.each([
  ['PgBouncer 1.25.2\nlibevent 2.1.12-stable\n', 2047],
  ['PgBouncer 1.25.10\n', 2047],
  ['PgBouncer 1.26.0\n', undefined],
  ['PgBouncer 1.26.1\n', undefined],
  ['PgBouncer 2.0.0\n', undefined],
])('%j is', (printed, longestToken) => {
  expect(parseVersion(printed)).toMatchObject({ ok: true, longestToken });
});

it.each(['1.25.1', '1.25.0', '1.24.9', '1.18.0', '0.99.99'])('%s is not', (version) => {
  const parsed = parseVersion(`PgBouncer ${version}\n`);
  expect(parsed).toMatchObject({
    ok: false,
    reason: `it is version ${version}; expected 1.25.2 or newer`,
  });
  expect(JSON.stringify(parsed)).toContain('CVE-2026-6664');
});

it.each(['', 'PgBouncer', 'PgBouncer 1.26', 'pgbouncer 1.26.1', 'x PgBouncer 1.26.1'])(
  '%j is no PgBouncer',
  (printed) => {
    expect(parseVersion(printed)).toMatchObject({
      ok: false,
      reason: `it says that it is ${JSON.stringify(printed)}; expected "PgBouncer" and a version`,
    });
  },
);

describe('1.24.1', () => {
  /** What a host says whose dpkg prints this of the file and of the package; undefined: there is no dpkg. */
  async function checkWith(
    owner: string | undefined,
    installed = '',
    printed = 'PgBouncer 1.24.1',
  ): Promise<unknown> {
    await using folder = await createTemporaryFolder('dpkg');
    const program = join(folder.path, 'pgbouncer');
    const scripts = {
      pgbouncer: `echo '${printed}'`,
      ...(owner !== undefined && {
        'dpkg-query': `case $1 in
          --search) echo "${owner.replace('FILE', program)}" ;;
          --show) [ "$3" = pgbouncer ] && printf %s '${installed}' ;;
        esac`,
      }),
    };
    for (const [name, text] of Object.entries(scripts)) {
      await writeFile(join(folder.path, name), `#!/bin/sh\n${text}\n`);
      await chmod(join(folder.path, name), 0o755);
    }
    // Awaited here, as the folder goes with this.
    return await checkVersion(program, { PATH: folder.path }, new AbortController().signal);
  }
  const REFUSED = { ok: false, reason: 'it is version 1.24.1; expected 1.25.2 or newer' };

  it.each(['1.24.1-1+deb13u2', '1.24.1-1+deb13u3', '1.24.1-1+deb13u10'])(
    'is as good where it is that of Debian’s package %s',
    async (version) => {
      expect(await checkWith('pgbouncer: FILE', `installed ${version}`)).toEqual({
        ok: true,
        version,
        longestToken: 2047,
      });
    },
  );

  it.each([
    ['installed 1.24.1-1+deb13u1'],
    ['installed 1.24.1-1'],
    ['installed 1.24.1-1+deb13u'],
    ['installed 1.24.1-1+deb13u02'],
    ['installed 1.24.1-1+deb13u2~bpo12+1'],
    ['installed 1.24.1-2+deb13u2'],
    ['config-files 1.24.1-1+deb13u2'],
    ['half-installed 1.24.1-1+deb13u2'],
    ['installed 1.24.1-1+deb13u2\ninstalled 1.24.1-1+deb13u2'],
    [''],
  ])('is not where dpkg says "%s"', async (installed) => {
    expect(await checkWith('pgbouncer: FILE', installed)).toMatchObject(REFUSED);
  });

  it.each([
    ['other: FILE'],
    ['pgbouncer: /usr/sbin/pgbouncer'],
    ['diversion by other from: FILE'],
    ['pgbouncer, other: FILE'],
    [''],
    [undefined],
  ])('is not where the file is no package’s, or another’s: %s', async (owner) => {
    expect(await checkWith(owner, 'installed 1.24.1-1+deb13u2')).toMatchObject(REFUSED);
  });

  it('is the only one that dpkg is asked about', async () => {
    const dpkg = ['pgbouncer: FILE', 'installed 1.24.1-1+deb13u2'] as const;
    for (const version of ['1.24.0', '1.25.1', '1.18.0', '1.24.10']) {
      expect(await checkWith(...dpkg, `PgBouncer ${version}`)).toMatchObject({
        ok: false,
        reason: `it is version ${version}; expected 1.25.2 or newer`,
      });
    }
  });
});
