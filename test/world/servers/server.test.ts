// One version of PostgreSQL: logins by PAM, and by the validator where it has OAUTHBEARER; then the tests of test/e2e of sessions and of
// roles that follow the token, with that server.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { describeLogins } from '../../e2e/provision/describe-logins.ts';
import { describeEnds } from '../../e2e/sessions/describe-ends.ts';
import { logInWithOAuth } from '../../support/log-in-with-oauth.ts';
import { poll } from '../../support/poll.ts';
import { useServerRoot } from '../../support/server-root.ts';
import { DAEMON_SERVICE } from '../../support/start-daemon-host.ts';
import {
  GROUPS,
  OAUTH_DATABASE,
  OAUTH_SERVICE,
  type ServerHost,
  startServerHost,
} from './server-host.ts';
import { SERVERS } from './servers.ts';

const peer = inject('peer');
const { hasOAuth, install } = SERVERS.find(({ postgresql }) =>
  peer.version.startsWith(postgresql),
)!;

const stack = new AsyncDisposableStack();
let on: ServerHost;

beforeAll(async () => {
  const root = stack.use(await install());
  stack.use(await useServerRoot(root.path));
  on = stack.use(await startServerHost(hasOAuth));
});
afterAll(async () => {
  await stack.disposeAsync();
});

/** A way to log in. */
interface Road {
  /** As the sentences have it. */
  readonly name: string;
  readonly service: string;
  /** What a client is told. */
  readonly refusal: (role: string) => string;
  /** @returns what the query gives, or what the client is told instead. */
  readonly ask: (role: string, token: string, query: string) => Promise<string>;
}

async function askByPAM(role: string, token: string, query: string): Promise<string> {
  const client = new Client({
    host: '127.0.0.1',
    port: on.host.cluster.port,
    user: role,
    password: token,
    database: 'postgres',
    ssl: { ca: on.authority },
  });
  try {
    await client.connect();
    const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
    return String(rows[0]?.[0]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end();
  }
}

async function askByOAuth(role: string, token: string, query: string): Promise<string> {
  const to = on.host.cluster.port;
  const { authority } = on;
  const client = await logInWithOAuth({
    to,
    authority,
    user: role,
    database: OAUTH_DATABASE,
    token,
  });
  try {
    return client.error?.message ?? String((await client.query(query))[0]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    client.close();
  }
}

const PAM: Road = {
  name: 'PAM',
  service: DAEMON_SERVICE,
  refusal: (role) => `PAM authentication failed for user "${role}"`,
  ask: askByPAM,
};
const OAUTHBEARER: Road = {
  name: 'OAUTHBEARER',
  service: OAUTH_SERVICE,
  refusal: (role) => `OAuth bearer authentication failed for user "${role}"`,
  ask: askByOAuth,
};
const ROADS = hasOAuth ? [PAM, OAUTHBEARER] : [PAM];

const subjectOf = (role: string): string => `system:serviceaccount:${role}`;
const HOUR = 3600;

it('is the version that it says', async () => {
  const [version] = (await on.host.cluster.sql('show server_version')).split(' ');
  expect(version).toBe(peer.version);
});

describe.each(ROADS)('by $name,', ({ name, service, ask, refusal }) => {
  const ROLE = `${name.toLowerCase()}:first`;

  it('a first login makes its role, with what its token says, over TLS', async () => {
    const token = await on.issuer.mint({ sub: subjectOf(ROLE), groups: [GROUPS[0]] });
    const query = `select current_user || ' ' || ssl || ' ' || pg_has_role('${GROUPS[0]}', 'member') || ' ' || pg_has_role('${GROUPS[1]}', 'member')
      from pg_stat_ssl where pid = pg_backend_pid()`;
    expect(await ask(ROLE, token, query)).toBe(`${ROLE} true true false`);
    const decision = await poll('the decision', () =>
      on.daemon.lines().find((line) => line.msg === 'decision' && line['role'] === ROLE),
    );
    expect(decision).toMatchObject({
      outcome: 'granted',
      role: ROLE,
      service,
      created: true,
      grantedRoles: [GROUPS[0]],
    });
  });

  it('a membership follows the token at the next login', async () => {
    const member = `select array_to_string(array(select rolname from pg_roles where rolname in ('${GROUPS.join("', '")}')
      and pg_has_role(oid, 'member')), ' ')`;
    const login = async (groups: readonly string[]): Promise<string> =>
      ask(ROLE, await on.issuer.mint({ sub: subjectOf(ROLE), groups }), member);
    expect(await login([GROUPS[1]])).toBe(GROUPS[1]);
    expect(await login([])).toBe('');
  });

  it.each<[what: string, code: string, mint: () => Promise<string>]>([
    [
      'of another role',
      'ERR_ROLE_NOT_PERMITTED',
      async () => on.issuer.mint({ sub: subjectOf('foo:other') }),
    ],
    [
      'for another audience',
      'ERR_AUDIENCE_MISMATCH',
      async () => on.issuer.mint({ sub: subjectOf(ROLE), aud: 'vault' }),
    ],
    [
      'that has expired',
      'ERR_TOKEN_EXPIRED',
      async () =>
        on.issuer.mint({ sub: subjectOf(ROLE) }, { now: Math.floor(Date.now() / 1000) - HOUR }),
    ],
    [
      'of an issuer that has no entry',
      'ERR_ISSUER_UNKNOWN',
      async () => on.stranger.mint({ sub: subjectOf(ROLE) }),
    ],
    [
      'that another issuer has signed',
      'ERR_SIGNATURE_INVALID',
      async () => on.stranger.mint({ iss: on.issuer.url, sub: subjectOf(ROLE) }),
    ],
  ])('a token %s is refused, and the log says %s', async (_what, code, mint) => {
    const mark = await on.host.cluster.log.mark();
    expect(await ask(ROLE, await mint(), 'select 1')).toBe(refusal(ROLE));
    expect(await on.host.cluster.log.since(mark)).toContain(`pgtoken: denied ${code} `);
  });

  it('a role that no token was good for was not made', async () => {
    const role = `${name.toLowerCase()}:never`;
    const token = await on.issuer.mint({ sub: subjectOf(role), aud: 'vault' });
    expect(await ask(role, token, 'select 1')).toBe(refusal(role));
    expect(
      await on.host.cluster.sql(`select count(*) from pg_roles where rolname = '${role}'`),
    ).toBe('0');
  });

  it('a session ends with its token, and no other does', async () => {
    const start = Math.floor(Date.now() / 1000);
    const [brief, long] = await Promise.all(
      [start + 4, start + HOUR].map(async (exp) => on.issuer.mint({ sub: subjectOf(ROLE), exp })),
    );
    const [ended, kept] = await Promise.all([
      ask(ROLE, brief ?? '', 'select pg_sleep(30)'),
      ask(ROLE, long ?? '', `select 'kept' from pg_sleep(8)`),
    ]);
    expect(ended).toBe('terminating connection due to administrator command');
    expect(kept).toBe('kept');
    expect(Date.now() / 1000 - start).toBeLessThan(20);
    const ends = await poll('the end in the log', () => {
      const found = on.daemon
        .lines()
        .filter(({ msg, role }) => msg === 'session ended' && role === ROLE);
      return found.length > 0 ? found : undefined;
    });
    expect(ends).toMatchObject([{ cause: 'expired', service }]);
  });
});

describe('sessions:', () => {
  describeEnds();
});
describe('roles that follow the token:', () => {
  describeLogins();
});
