// All tests of logins over OAuth, with all attacks, on PostgreSQL before its release, and what it has that 18 has not. Then what many
// logins leave behind, and a new version of the validator under a server that runs.
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import { describe, expect, inject, it } from 'vitest';

import { possible } from '../../attacks/choose-sample.ts';
import { ISSUERS, startOAuthHost } from '../../package/machine/oauth-host.ts';
import { testOAuth } from '../../package/machine/test-oauth.ts';
import { poll } from '../../support/poll.ts';
import { run } from '../../support/run.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { FROM_FORKY, installPostgreSQL, installValidator } from './install-postgresql.ts';

const OAUTH = `oauth issuer="${ISSUERS.cluster}" scope="openid" delegate_ident_mapping=1`;
const LIBRARY = '/usr/lib/postgresql/19/lib/pgtoken_validator.so';

testOAuth({
  start: async () =>
    startOAuthHost({
      version: '19',
      packages: [inject('peer').programs['pgtoken'] ?? ''],
      fromForky: FROM_FORKY,
      install: installPostgreSQL,
      hba: `hostssl reports all 127.0.0.1/32 ${OAUTH} validator.service=reports\n`,
      databases: ['reports'],
    }),
  reasonsAre: 'DETAIL',
  attacks: possible,
  more: ({ host, enter, expectDecision }) => {
    describe('since 19', () => {
      it('is the version that it says', async () => {
        const [version] = await host().sql('show server_version');
        expect(version?.split(' ')[0]).toBe(inject('peer').version.replace('~', ''));
      });

      it('validator.service= of a line takes the place of pgtoken.service', async () => {
        expect(await enter(host().mint(), { database: 'reports' })).toMatch(/^foo:myservice /);
        await expectDecision({ outcome: 'granted', service: 'reports' });
        expect(await enter(host().mint())).toMatch(/^foo:myservice /);
        await expectDecision({ outcome: 'granted', service: 'postgresql' });
      });
    });

    describe('a driver', () => {
      it('that takes a token from its caller logs in: pgx', async () => {
        await using folder = await createTemporaryFolder('pgx');
        const authority = join(folder.path, 'root.crt');
        await writeFile(authority, host().authority);
        const log = async (token: string) =>
          run(
            inject('peer').programs['pgx'] ?? '',
            [
              `host=localhost port=${host().port} dbname=postgres user=foo:myservice sslmode=verify-full sslrootcert=${authority}`,
            ],
            { stdin: token },
          );
        expect(await log(host().mint())).toMatchObject({
          status: 0,
          stdout: 'foo:myservice oauth:system:serviceaccount:foo:myservice\n',
        });
        const refused = await log(host().mint('cluster', { aud: 'vault' }));
        expect(refused.status).toBe(1);
        expect(refused.stderr).toContain('OAuth authentication failed: invalid_token');
      });

      it('that has only passwords sends nothing: node-postgres', async () => {
        const client = new Client({
          host: '127.0.0.1',
          port: host().port,
          user: 'foo:myservice',
          database: 'postgres',
          password: host().mint(),
          ssl: { ca: host().authority, servername: 'localhost' },
        });
        client.on('error', () => undefined);
        await expect(client.connect()).rejects.toThrow('SASL: Only mechanism(s) SCRAM-SHA-256');
        // It leaves the connection open otherwise, and the backend waits for its answer.
        await client.end();
      });
    });

    it(
      'a new version of the library counts for new logins, and harms no session',
      { timeout: 900_000 },
      async () => {
        const session = await host().login(host().mint());
        const identify = async (): Promise<string> =>
          host().root.sh(`readelf --notes ${LIBRARY} | grep 'Build ID'`);
        const before = await identify();
        await installValidator(host().root, '-O1');
        expect(await identify()).not.toBe(before);
        expect(await session.query('select 1')).toEqual(['1']);
        session.close();
        expect(await enter(host().mint())).toMatch(/^foo:myservice oauth:/);
        expect(host().serverLog()).not.toContain('terminated by signal');
      },
    );

    it('10,000 logins leave nothing behind', { timeout: 1_800_000 }, async () => {
      const logIn = async (count: number): Promise<void> => {
        let left = count;
        const client = async (): Promise<void> => {
          while (left > 0) {
            left -= 1;
            const jti = String(left);
            // Every other one is refused.
            const user = left % 2 === 0 ? 'foo:myservice' : 'foo:other';
            const said = await enter(host().mint('cluster', { jti }), { user });
            expect(said).toMatch(
              user === 'foo:myservice' ? /^foo:myservice / : /authentication failed/,
            );
          }
        };
        await Promise.all(Array.from({ length: 16 }, client));
        await poll('no backend', async () => {
          const [backends] = await host().sql(
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and usename is distinct from 'pgtoken'",
          );
          return backends === '1' || undefined; // the one that asks
        });
      };
      const look = (): { readonly files: number; readonly kilobytes: number } => {
        const { server } = host().processes();
        const status = readFileSync(`/proc/${server}/status`, 'utf8');
        return {
          files: readdirSync(`/proc/${server}/fd`).length,
          kilobytes: Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]),
        };
      };
      await logIn(1000);
      const before = look();
      await logIn(10_000);
      const after = look();
      expect(after.files).toBe(before.files);
      expect(after.kilobytes - before.kilobytes).toBeLessThan(512);
      expect(readdirSync(`/proc/${host().processes().daemon}/fd`).length).toBeLessThan(100);
    });
  },
});
