// npm run soak:clients: tokens of 60 seconds, which are replaced at 80 % of their life as the kubelet does, two tenants of `pgtoken
// pooler` and a `.pgpass` of `pgtoken pgpass`, and clients that ask without a pause: over pools that stay connected and over new
// connections through the pooler, and with psql by the .pgpass. The daemon takes no token past its `exp`. Exit status 0 when no query
// and no login failed, when the daemon refused nothing, and when every tenant was given the tokens that there were.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Pool } from 'pg';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { entryOf } from '../support/entry-of.ts';
import { createIssuer } from '../support/issuer.ts';
import { run } from '../support/run.ts';
import { startDaemonHost } from '../support/start-daemon-host.ts';
import { askThrough, createPoolerHost } from '../support/start-pooler.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    life: { type: 'string', default: '60' },
    /** The release of Debian whose PgBouncer it is. */
    pgbouncer: { type: 'string' },
  },
});
const [minutes, life] = [Number(values.minutes), Number(values.life)];
if (!(minutes >= 1 && minutes <= 600 && life >= 20 && life <= 600)) {
  throw new Error('expected --minutes from 1 to 600, and --life from 20 to 600 seconds');
}
const REPLACED_AT = 0.8 * life;
const ROLES = ['soak:orders', 'soak:reports'] as const;
const aliasOf = (role: string): string => role.split(':')[1] ?? '';

await using stack = new AsyncDisposableStack();
const authority = stack.use(await createCertificateAuthority());
const issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
const server = stack.use(await startDaemonHost(ROLES));
const host = stack.use(await createPoolerHost(values.pgbouncer));
const daemon = stack.use(
  await server.startDaemon({
    issuers: [entryOf('cluster', issuer, { token: { clockSkew: '0s' } })],
  }),
);

let published = 0;
const fileOf = (role: string): string => host.inside(aliasOf(role));
const publish = async (): Promise<void> => {
  const now = Math.floor(Date.now() / 1000);
  for (const role of ROLES) {
    const claims = { sub: `system:serviceaccount:${role}`, iat: now, nbf: now, exp: now + life };
    await writeFile(`${fileOf(role)}.new`, await issuer.mint(claims));
    await rename(`${fileOf(role)}.new`, fileOf(role));
  }
  published += 1;
};
await publish();
const tenants = ROLES.map((role, at) => {
  const mode = at === 0 ? 'transaction' : 'session';
  return `- {alias: ${aliasOf(role)}, host: 127.0.0.1, port: ${server.cluster.port}, database: postgres, role: "${role}", poolSize: 8, poolMode: ${mode}, token: {file: ${fileOf(role)}}}\n`;
});
const pooler = await host.start({
  command: server.installation.command,
  yaml: `tls: {mode: disable}\ndrain: 5s\ntenants:\n${tenants.join('')}`,
});
await pooler.waitForLine('ready');
const passfile = host.inside('pgpass');
const [role] = ROLES;
const address = ['--host', '127.0.0.1', '--port', String(server.cluster.port), '--user', role];
const keeper = spawn(
  server.installation.command,
  ['pgpass', ...address, '--token-file', fileOf(role), '--file', passfile],
  { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'ignore', 'inherit'] },
);
stack.defer(() => void keeper.kill('SIGKILL'));
await delay(2000);

const until = Date.now() + minutes * 60_000;
const failures: string[] = [];
const counts = new Map<string, number>();
const work = async (kind: string, ask: () => Promise<unknown>): Promise<void> => {
  while (Date.now() < until) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    await ask().catch((error: unknown) => {
      failures.push(`${new Date().toISOString()} ${kind}: ${String(error)}`);
    });
  }
};
const kubelet = setInterval(() => void publish(), REPLACED_AT * 1000);
stack.defer(() => {
  clearInterval(kubelet);
});

const workers = ROLES.flatMap((user) => {
  const { folder, port } = pooler;
  const database = aliasOf(user);
  const pool = new Pool({ host: folder, port, database, user, password: '', max: 2 });
  pool.on('error', (error) => failures.push(`a pool of ${user}: ${error.message}`));
  const kept = work(`${database}, pools that stay connected`, async () => pool.query('select 1'));
  return [
    kept.then(async () => pool.end()),
    work(`${database}, new connections`, async () => askThrough(pooler, database, user)),
  ];
});
const env = {
  HOME: host.folder,
  PGHOST: '127.0.0.1',
  PGPORT: String(server.cluster.port),
  PGUSER: role,
  PGDATABASE: 'postgres',
  PGPASSFILE: passfile,
  PGSSLMODE: 'disable',
};
const psql = join(server.cluster.binFolder, 'psql');
workers.push(
  work('psql by the .pgpass', async () => {
    const { status, stderr } = await run(psql, ['-X', '-w', '-c', 'select 1'], { env });
    if (status !== 0) throw new Error(stderr.trim());
  }),
);
const teller = setInterval(() => {
  const asked = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const left = Math.max(0, Math.round((until - Date.now()) / 1000));
  process.stderr.write(`${asked} queries and logins, ${failures.length} failed, ${left} s to go\n`);
}, 10_000);
await Promise.all(workers).finally(() => {
  clearInterval(teller);
});

const poolerStatus = await pooler.status();
const poolerEnd = await pooler.stop();
keeper.kill('SIGTERM');
await once(keeper, 'close');
const decisions = daemon.lines().filter(({ msg }) => msg === 'decision');
const refused = decisions.filter(({ outcome }) => outcome !== 'granted');
const given = pooler.lines().filter(({ msg }) => msg === 'a tenant has a new token').length;
const checks: readonly (readonly [what: string, isRight: boolean])[] = [
  [`${failures.length} failed queries and logins`, failures.length === 0],
  [`${refused.length} of ${decisions.length} logins refused`, refused.length === 0],
  [
    `${given} tokens put in force of ${published} for each of ${ROLES.length} tenants`,
    given >= published * ROLES.length - ROLES.length,
  ],
  [
    `${poolerStatus.pgbouncer.restarts} restarts of PgBouncer`,
    poolerStatus.pgbouncer.restarts === 0,
  ],
  [`pgtoken pooler ended with ${poolerEnd}`, poolerEnd === 0],
];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [started] = pooler.lines();
say(`${minutes} minutes, tokens of ${life} s, PgBouncer ${String(started?.['pgbouncer'])}`);
for (const [kind, count] of counts) say(`  ${kind}: ${count}`);
for (const [what, isRight] of checks) say(`${isRight ? 'ok' : 'WRONG'}: ${what}`);
for (const failure of failures.slice(0, 20)) say(`  ${failure}`);
for (const line of refused.slice(0, 20)) say(`  ${JSON.stringify(line)}`);
process.exitCode = checks.every(([, isRight]) => isRight) ? 0 : 1;
