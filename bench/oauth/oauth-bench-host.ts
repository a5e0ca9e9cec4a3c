// The host that `npm run bench:oauth` measures: PostgreSQL 18 of Debian in a root folder, whose roles log in by different methods, with
// the daemon, the PAM module and the OAuth validator of this checkout. The validators and the clients are compiled there, as their
// headers are nowhere else.
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import * as z from 'zod';

import { CHECKOUT, makeRoot } from '../../test/package/machine/root-folder.ts';
import { startProgram } from '../../test/package/machine/start-program.ts';
import { findFreePort } from '../../test/support/find-free-port.ts';
import { poll } from '../../test/support/poll.ts';
import { signToken } from '../../test/support/sign-token.ts';
import { createSigningKey } from '../../test/support/signing-key.ts';
import { stageInstallation } from '../../test/support/stage-installation.ts';
import { writeIssuersYAML } from '../../test/support/write-issuers-yaml.ts';

/** The methods, in the order in which they are measured. */
export const OAUTH_METHODS = ['validator', 'yes', 'pam', 'scram'] as const;
export type OAuthMethod = (typeof OAUTH_METHODS)[number];

export interface OAuthBenchHost extends AsyncDisposable {
  /** Logs in as fast as it goes, each time with a token that nobody has seen before. @returns logins a second. */
  readonly measure: (method: OAuthMethod, clients: number, seconds: number) => Promise<number>;
}

const PACKAGES = [
  'ca-certificates',
  'gcc',
  'libatomic1',
  'libc6-dev',
  'libkrb5-dev',
  'libpq-dev',
  'libstdc++6',
  'make',
  'postgresql-18',
  'postgresql-server-dev-18',
];
const CLUSTER = '/etc/postgresql/18/main';
const PG_CONFIG = '/usr/lib/postgresql/18/bin/pg_config';
const ISSUER = 'https://k8s-oidc.example.com';
const PASSWORD = 'correct horse battery staple';
/** No method has shown more logins a second on any machine; tokens for more are not made. */
const MOST_LOGINS_PER_SECOND = 2000;

const output = z.object({ logins: z.number(), seconds: z.number() });

const oauth = (validator: string): string =>
  `oauth issuer="${ISSUER}" scope="openid" validator=${validator} delegate_ident_mapping=1`;
/** Without TLS, whose cost is the same for all of them and hides what is measured. */
const HBA = `
local all all       trust
host  all validator 127.0.0.1/32 ${oauth('pgtoken_validator')}
host  all yes       127.0.0.1/32 ${oauth('yes_validator')}
host  all pam       127.0.0.1/32 pam pamservice=pgtoken
host  all scram     127.0.0.1/32 scram-sha-256
`;
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  max_connections: '200',
  oauth_validator_libraries: 'pgtoken_validator, yes_validator',
  'pgtoken.require_encryption': 'off',
  'pgtoken.timeout': '60s',
  'pgtoken.socket': '/opt/pgtoken/run/pgtoken.sock',
  ssl: 'off',
};

/** Starts everything; `await using` ends it. */
export async function startOAuthBenchHost(): Promise<OAuthBenchHost> {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(await makeRoot('forky', PACKAGES));
  const inside = (path: string): string => join(root.path, path);

  const key = await createSigningKey('RS256', 'key-1');
  const installation = stack.use(
    await stageInstallation(
      writeIssuersYAML([
        {
          name: 'bench',
          issuer: { url: ISSUER, audiences: ['postgres'] },
          keys: { jwksFile: 'bench.jwks' },
          roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:bench:' }],
        },
      ]),
    ),
  );
  await cp(installation.folder, inside('/opt/pgtoken'), { recursive: true });
  await writeFile(inside('/opt/pgtoken/etc/bench.jwks'), JSON.stringify({ keys: [key.publicJWK] }));
  for (const folder of ['oauth', 'pam', 'bench']) {
    await cp(join(CHECKOUT, folder), inside(`/srv/${folder}`), { recursive: true });
  }
  await root.sh(`
    cd /srv; rm -rf pam/build oauth/*.o oauth/*.so
    make -s -C oauth PG_CONFIG=${PG_CONFIG} install >/dev/null
    gcc -shared -fPIC -O2 -Wall -Wextra -Werror -isystem "$(${PG_CONFIG} --includedir-server)" \
      -o "$(${PG_CONFIG} --pkglibdir)/yes_validator.so" bench/oauth/yes_validator.c
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -I"$(${PG_CONFIG} --includedir)" -o /usr/local/bin/login_clients \
      bench/login_clients.c -lpq -lpthread
    install -d -o postgres -g postgres /opt/pgtoken/run /opt/pgtoken/cache /opt/pgtoken/runtime-folder
    install -d -o postgres -g postgres -m 2775 /run/postgresql`);

  const port = await findFreePort();
  const module = '/opt/pgtoken/lib/pam_pgtoken.so socket=/opt/pgtoken/run/pgtoken.sock timeout=60';
  const settings = Object.entries({ port, ...SETTINGS }).map(([name, to]) => `${name} = '${to}'\n`);
  await writeFile(
    inside('/etc/pam.d/pgtoken'),
    `auth required ${module}\naccount required ${module}\n`,
  );
  await writeFile(inside(`${CLUSTER}/pg_hba.conf`), HBA);
  await writeFile(inside(`${CLUSTER}/conf.d/bench.conf`), settings.join(''));

  const start = (command: string): ReturnType<typeof startProgram> => {
    const program = startProgram(
      root.path,
      `exec setpriv --pdeathsig=KILL --reuid=postgres --regid=postgres --init-groups ${command}`,
    );
    stack.defer(program.kill);
    return program;
  };
  const daemon = start(
    `env RUNTIME_DIRECTORY=/opt/pgtoken/runtime-folder /opt/pgtoken/bin/pgtoken serve --config /opt/pgtoken/etc/issuers.yaml \
      --socket /opt/pgtoken/run/pgtoken.sock --cache-dir /opt/pgtoken/cache`,
  );
  await poll('the daemon', () => daemon.output().includes('"msg":"ready"') || undefined);
  start(
    `/usr/lib/postgresql/18/bin/postgres -D /var/lib/postgresql/18/main -c config_file=${CLUSTER}/postgresql.conf`,
  );
  const sql = async (text: string): Promise<void> => {
    const client = new Client({ host: inside('run/postgresql'), port, user: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(text);
    } finally {
      await client.end();
    }
  };
  await poll(
    'the server',
    async () =>
      sql('select 1').then(
        () => true,
        () => undefined,
      ),
    60_000,
  );
  for (const role of OAUTH_METHODS) await sql(`create role "${role}" login password '${PASSWORD}'`);

  let minted = 0;
  const mint = (role: OAuthMethod): string => {
    const now = Math.floor(Date.now() / 1000);
    return signToken(key, {
      iss: ISSUER,
      aud: 'postgres',
      sub: `system:serviceaccount:bench:${role}`,
      iat: now,
      exp: now + 12 * 3600,
      jti: `login-${(minted += 1)}`,
      'kubernetes.io': {
        namespace: 'bench',
        node: { name: 'node-1', uid: '9a4c1d5e-0f5a-4a0d-9d53-6f1e2d3c4b5a' },
        pod: { name: 'bench-7d9c6b5f4-x2x7k', uid: 'e296d041-e831-4f40-9ff7-e22a83ec8565' },
        serviceaccount: { name: role, uid: '882a191c-76d0-4826-9889-93d7b644736f' },
      },
    });
  };
  const owned = stack.move();
  return {
    measure: async (method, clients, seconds) => {
      const count = method === 'scram' ? 1 : Math.ceil(seconds * MOST_LOGINS_PER_SECOND);
      const words =
        method === 'scram' ? [PASSWORD] : Array.from({ length: count }, () => mint(method));
      await writeFile(inside('/srv/passwords'), `${words.join('\n')}\n`);
      const discovery = `oauth_issuer=${ISSUER}/.well-known/openid-configuration oauth_client_id=bench`;
      const conninfo = `host=127.0.0.1 port=${port} dbname=postgres user=${method} sslmode=disable gssencmode=disable ${discovery}`;
      const stdout = await root.sh(
        `login_clients '${conninfo}' /srv/passwords ${clients} ${seconds}`,
        600_000,
      );
      const { logins, seconds: took } = output.parse(JSON.parse(stdout));
      if (method !== 'scram' && logins > count) {
        throw new Error(`${logins} logins with ${count} distinct tokens: make more of them`);
      }
      return logins / took;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
