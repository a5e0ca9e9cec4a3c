// Logins over PostgreSQL's own OAuth, through the validator of postgresql-18-pgtoken, and what that package installs.
import { join } from 'node:path';

import { parse } from 'yaml';
import * as z from 'zod';
import { afterAll, describe, expect, inject, it } from 'vitest';

import { sample } from '../../attacks/choose-sample.ts';
import { run } from '../../support/run.ts';
import { runChecked } from '../../support/run-checked.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { readPage } from '../../docs/read-markdown.ts';
import { buildPackage } from '../machine/build-package.ts';
import { SOCKET, startOAuthHost } from '../machine/oauth-host.ts';
import { CHECKOUT } from '../machine/root-folder.ts';
import { testOAuth } from '../machine/test-oauth.ts';

/** What docs/operate/containers.md has for the validator in a cluster of CloudNativePG. */
const clusterSchema = z.object({
  spec: z.object({
    postgresql: z.object({
      extensions: z.tuple([z.object({ name: z.string() })]),
      parameters: z.record(z.string(), z.string()),
    }),
  }),
});

const folder = await createTemporaryFolder('oauth');
afterAll(folder.remove);

testOAuth({
  start: async () => {
    const built = await buildPackage(folder.path, { options: ['--postgresql', '18'] });
    return startOAuthHost({ version: '18', packages: [inject('packages').current, built] });
  },
  reasonsAre: 'LOG',
  attacks: sample,
  more: ({ host, enter }) => {
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

    it('is found where an image volume of CloudNativePG has it, with the parameters of the recipe', async () => {
      const recipe = readPage('docs/operate/containers.md').blocks.find(
        ({ language, text }) => language === 'yaml' && text.includes('extensions:'),
      );
      const { postgresql } = clusterSchema.parse(parse(recipe?.text ?? '')).spec;
      const [extension] = postgresql.extensions;
      const volume = `/extensions/${extension.name}`;
      const installed = '/usr/lib/postgresql/18/lib/pgtoken_validator.so';
      await host().root.sh(`install -D -m 0644 ${installed} ${volume}/lib/pgtoken_validator.so
        mv ${installed} ${installed}.away
        install -d /pgtoken
        ln -s ${SOCKET} ${postgresql.parameters['pgtoken.socket']}`);
      try {
        await host().set(postgresql.parameters);
        expect(await enter(host().mint())).toContain('could not access file');
        // The operator adds the folder lib of each extension.
        await host().set({
          ...postgresql.parameters,
          dynamic_library_path: `$libdir:${volume}/lib`,
        });
        expect(await enter(host().mint())).toMatch(/^foo:myservice oauth:/);
      } finally {
        await host().root.sh(`mv ${installed}.away ${installed}`);
        await host().set({});
      }
      expect(await enter(host().mint())).toMatch(/^foo:myservice oauth:/);
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
