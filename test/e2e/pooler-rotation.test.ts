// `pgtoken pooler` in front of real PostgreSQL, with the module, the daemon and PgBouncer: two tenants with tokens of 20 seconds, and
// clients that connect and ask without a pause. No query fails by a rotation, and no login is made with an expired token.
import { rename, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { entryOf } from '../support/entry-of.ts';
import type { Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { askThrough, createPoolerHost, type PoolerHost } from '../support/start-pooler.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';

const ROLES = ['foo:orders', 'foo:reports'] as const;
/** Seconds. The kubelet replaces a token at 80 % of its life. */
const LIFE = 20;
const REPLACED_AT = 16;
/** For how long there are queries. */
const SECONDS = 120;

const on = useDaemonHost(ROLES[0]);
let host: PoolerHost;

beforeAll(async () => {
  host = await createPoolerHost();
  await on.host.cluster.sql(`create role "${ROLES[1]}" login`);
}, 300_000);

afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** The issuer's daemon demands exact times: a token counts until its `exp`, and no longer. */
const entryFor = (issuer: Issuer) => entryOf('cluster', issuer, { token: { clockSkew: '0s' } });

async function publish(issuer: Issuer, role: string, life = LIFE): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const sub = `system:serviceaccount:${role}`;
  const token = await issuer.mint({ sub, iat: now, nbf: now, exp: now + life });
  const file = fileOf(role);
  await writeFile(`${file}.new`, token);
  await rename(`${file}.new`, file);
}

const fileOf = (role: string): string => host.inside(role.replace(':', '-'));

const yaml = (): string => `tls: {mode: disable}
drain: 5s
tenants:
${ROLES.map((role) => {
  const [, alias] = role.split(':');
  return `- {alias: ${alias}, host: 127.0.0.1, port: ${on.host.cluster.port}, database: postgres, role: "${role}", poolSize: 4, poolMode: transaction, token: {file: ${fileOf(role)}}}`;
}).join('\n')}
`;

/** Asks again and again, each time over a new connection. @returns how often, and what went wrong. */
async function askUntil(end: number, ask: () => Promise<unknown>) {
  const failures: string[] = [];
  let queries = 0;
  while (Date.now() < end) {
    queries += 1;
    await ask().catch((error: unknown) => failures.push(String(error)));
  }
  return { queries, failures };
}

it(`loses no query in ${SECONDS} seconds with tokens of ${LIFE}, of two tenants`, async () => {
  await using issuer = await on.newIssuer();
  await using daemon = await on.host.startDaemon({ issuers: [entryFor(issuer)] });
  for (const role of ROLES) await publish(issuer, role);
  const pooler = await host.start({ command: on.host.installation.command, yaml: yaml() });
  await pooler.waitForLine('ready');
  const kubelet = setInterval(() => {
    for (const role of ROLES) void publish(issuer, role);
  }, REPLACED_AT * 1000);
  let results;
  try {
    const end = Date.now() + SECONDS * 1000;
    results = await Promise.all(
      ROLES.map(async (role) => {
        const alias = role.split(':')[1]!;
        const once = async () => {
          const answer = await askThrough(pooler, alias, role);
          if (answer !== role) throw new Error(`answered by ${String(answer)}`);
        };
        return askUntil(end, once);
      }),
    );
  } finally {
    clearInterval(kubelet);
  }
  for (const { queries, failures } of results) {
    expect(failures).toEqual([]);
    expect(queries).toBeGreaterThan(100);
  }
  const decisions = daemon.lines().filter(({ msg }) => msg === 'decision');
  // Connections are replaced in time, each with a login.
  expect(decisions.length).toBeGreaterThan(10);
  expect(decisions.filter(({ outcome }) => outcome !== 'granted')).toEqual([]);
  const fresh = pooler.lines().filter(({ msg }) => msg === 'a tenant has a new token');
  expect(fresh.length).toBeGreaterThanOrEqual(6 * ROLES.length);
  expect(await pooler.stop()).toBe(0);
  expect(pooler.output()).not.toMatch(/eyJ|"level":"(?:error|fatal)"/);
}, 240_000);

it('refuses the clients of a tenant whose token ends, tells why, and serves the other', async () => {
  await using issuer = await on.newIssuer();
  await using daemon = await on.host.startDaemon({ issuers: [entryFor(issuer)] });
  await publish(issuer, ROLES[0], 60);
  await publish(issuer, ROLES[1], 8);
  const pooler = await host.start({ command: on.host.installation.command, yaml: yaml() });
  await pooler.waitForLine('ready');
  expect(await askThrough(pooler, 'reports', ROLES[1])).toBe(ROLES[1]);
  const over = new AbortController();
  const other = (async () => {
    const failures: string[] = [];
    while (!over.signal.aborted) {
      await askThrough(pooler, 'orders', ROLES[0]).catch((error: unknown) =>
        failures.push(String(error)),
      );
    }
    return failures;
  })();
  await writeFile(fileOf(ROLES[1]), '{"error": "not today"}');
  const broken = Date.now();
  const told = await pooler.waitForLine('there is no new token');
  expect(Date.now() - broken).toBeLessThan(5000);
  expect(told).toMatchObject({ level: 'warn', source: `file ${fileOf(ROLES[1])}` });
  expect((await pooler.status()).tenants[1]).toMatchObject({ alias: 'reports', ready: true });
  expect((await pooler.get('/readyz/reports')).body).toContain('it is not a JWT');
  // The token from before lasts.
  expect(await askThrough(pooler, 'reports', ROLES[1])).toBe(ROLES[1]);
  await pooler.waitForLine('a tenant has no token, and its clients are refused');
  await expect(askThrough(pooler, 'reports', ROLES[1])).rejects.toThrow(
    'database "reports" is disabled',
  );
  expect((await pooler.get('/readyz/reports')).status).toBe(503);
  expect((await pooler.get('/readyz/orders')).status).toBe(200);
  expect((await pooler.get('/readyz')).status).toBe(503);
  const { body } = await pooler.get('/metrics');
  expect(body).toContain('pgtoken_pooler_ready{tenant="reports"} 0');
  expect(body).toContain('pgtoken_pooler_ready{tenant="orders"} 1');

  await publish(issuer, ROLES[1], 60);
  await poll('a login again', async () =>
    askThrough(pooler, 'reports', ROLES[1]).catch(() => undefined),
  );
  over.abort();
  expect(await other).toEqual([]);
  const decisions = daemon.lines().filter(({ msg }) => msg === 'decision');
  expect(decisions.filter(({ outcome }) => outcome !== 'granted')).toEqual([]);
  expect(await pooler.stop()).toBe(0);
  expect(pooler.output()).not.toContain('eyJ');
}, 60_000);
