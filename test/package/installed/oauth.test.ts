// Logins over PostgreSQL's own OAuth, through the validator of postgresql-18-pgtoken, and what that package installs.
import { join } from 'node:path';

import { afterAll, describe, expect, inject, it } from 'vitest';

import { sample } from '../../attacks/choose-sample.ts';
import { run } from '../../support/run.ts';
import { runChecked } from '../../support/run-checked.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { buildPackage } from '../machine/build-package.ts';
import { startOAuthHost } from '../machine/oauth-host.ts';
import { CHECKOUT } from '../machine/root-folder.ts';
import { testOAuth } from '../machine/test-oauth.ts';

const folder = await createTemporaryFolder('oauth');
afterAll(folder.remove);

testOAuth({
  start: async () => {
    const built = await buildPackage(folder.path, { options: ['--postgresql', '18'] });
    return startOAuthHost({ version: '18', packages: [inject('packages').current, built] });
  },
  reasonsAre: 'LOG',
  attacks: sample,
  more: ({ host }) => {
    describe('pgtoken doctor', () => {
      const faults = async (): Promise<readonly string[]> => {
        const { stdout } = await host().root.run(
          `pgtoken doctor --json --db "host=/run/postgresql port=${host().port} user=postgres"`,
        );
        return [...stdout.matchAll(/"fault": ?"([^"]+)"/g)].map(([, name = '']) => name);
      };

      it('says that the server does not permit the validator', async () => {
        expect(await faults()).not.toContain('server-validator');
        await host().set({ oauth_validator_libraries: '' });
        const found = await faults();
        await host().set({});
        expect(found).toContain('server-validator');
        expect(found).toContain('hba-rejected');
      });
    });

    describe('what is installed', () => {
      it('is a library that links libc alone, hardened, and exports what PostgreSQL calls', async () => {
        const path = join(host().root.path, '/usr/lib/postgresql/18/lib/pgtoken_validator.so');
        const dynamic = await runChecked('readelf', ['--dynamic', '--wide', path]);
        const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, library]) => library);
        expect(needed).toEqual(['libc.so.6']);
        expect(dynamic).toMatch(/FLAGS.*NOW/);
        const exported = await runChecked('nm', ['--dynamic', '--defined-only', path]);
        expect([...exported.matchAll(/ T (\w+)/g)].map(([, name]) => name)).toEqual([
          'Pg_magic_func',
          '_PG_init',
          '_PG_oauth_validator_module_init',
        ]);
      });

      it('is for PostgreSQL 18 alone', async () => {
        const script = join(CHECKOUT, 'packaging', 'package.sh');
        expect(await run(script, ['--postgresql', '17'])).toMatchObject({
          status: 2,
          stderr:
            'package: there is no validator for PostgreSQL 17; expected 18\nHINT: Build it with make -C oauth PG_CONFIG=….\n',
        });
      });
    });
  },
});
