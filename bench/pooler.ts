// `npm run bench:pooler`: whether `pgtoken pooler` adds anything to what its PgBouncer costs a client: pgbench asks through it and
// through a PgBouncer alone that has the same files, in turns. PostgreSQL lets everybody in: what a login costs is for other benchmarks.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { makeToken } from '../test/client/make-token.ts';
import { asServerUser, ownedByServerUser } from '../test/support/as-server-user.ts';
import { findFreePort } from '../test/support/find-free-port.ts';
import { poll } from '../test/support/poll.ts';
import { startPostgresCluster } from '../test/support/postgres-cluster.ts';
import { runChecked } from '../test/support/run-checked.ts';
import { stageInstallation } from '../test/support/stage-installation.ts';
import { askThrough, createPoolerHost } from '../test/support/start-pooler.ts';
import { parseCount } from './parse-count.ts';
import { median, medianRatio } from './statistics.ts';

const { rounds, seconds, clients } = new Command('bench:pooler')
  .description('Measures what pgtoken pooler adds to the latency of its PgBouncer.')
  .option('--rounds <number>', 'paired rounds', parseCount, 15)
  .option('--seconds <number>', 'seconds of each measurement', parseCount, 5)
  .option('--clients <number>', 'clients at once', parseCount, 4)
  .parse()
  .opts<{ readonly rounds: number; readonly seconds: number; readonly clients: number }>();

await using stack = new AsyncDisposableStack();
const installation = stack.use(await stageInstallation('bench'));
const host = stack.use(await createPoolerHost());
const cluster = stack.use(
  await startPostgresCluster({
    hba: ['host all all 127.0.0.1/32 trust'],
    pamServices: {},
    setup: ['create role app login'],
    settings: { listen_addresses: '127.0.0.1' },
  }),
);
const token = host.inside('token');
const publish = async (): Promise<void> => {
  const now = Math.floor(Date.now() / 1000);
  await writeFile(`${token}.new`, makeToken({ iat: now, exp: now + 3600 }));
  await rename(`${token}.new`, token);
};
await publish();
const pooler = await host.start({
  command: installation.command,
  yaml: `tls: {mode: disable}\ndrain: 1s\ntenants:\n- {alias: app, host: 127.0.0.1, port: ${cluster.port}, database: postgres, role: app, token: {file: ${token}}}\n`,
});
await pooler.waitForLine('ready');
const alone = await startAlone();

/** What is measured: pgbench's options beside those of the connection. */
const KINDS: readonly (readonly [what: string, options: readonly string[]])[] = [
  ['over connections that stay', []],
  ['over a new connection for each query', ['--connect']],
];
const script = host.inside('select.sql');
await writeFile(script, 'select 1;\n');
console.log('| | PgBouncer alone, ms | pgtoken pooler, ms | its rate, of that alone |');
console.log('|---|---|---|---|');
for (const [what, options] of KINDS) {
  const [own, others]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => own.push(await measure(pooler, options)),
      async () => others.push(await measure(alone, options)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    // Its next measurement has a token to put in force.
    await publish();
    console.error(`${what}: round ${round + 1}/${rounds}`);
  }
  // Of latencies: the other way round.
  const ratio = medianRatio(others, own).toFixed(3);
  console.log(`| ${what} | ${median(others).toFixed(3)} | ${median(own).toFixed(3)} | ${ratio} |`);
}
await pooler.stop();

/** PgBouncer with the files that the pooler has rendered, in a folder and at a port of its own. */
async function startAlone(): Promise<{ readonly folder: string; readonly port: number }> {
  const [folder, port] = [host.inside('alone'), await findFreePort()];
  await runChecked('install', ['-d', '-m', '0700', ...ownedByServerUser(), folder]);
  for (const name of ['pgbouncer.ini', 'userlist.txt', 'hba.conf']) {
    const text = await readFile(join(pooler.folder, name), 'utf8');
    const edited = text
      .replaceAll(pooler.folder, folder)
      .replaceAll(`listen_port = ${pooler.port}`, `listen_port = ${port}`);
    await writeFile(host.inside(name), edited, { mode: 0o600 });
    const rights = ['-m', '0600', ...ownedByServerUser()];
    await runChecked('install', [...rights, host.inside(name), join(folder, name)]);
  }
  const argv = asServerUser(host.program, [join(folder, 'pgbouncer.ini')]);
  // A session of its own, as the pooler gives it: the kernel shares processors out by sessions.
  const options = { cwd: '/', stdio: 'ignore', detached: true } as const;
  const child: ChildProcess = spawn('setpriv', argv, options);
  stack.defer(() => void child.kill('SIGKILL'));
  await poll('an answer of PgBouncer', async () =>
    askThrough({ folder, port }, 'app', 'app').catch(() => undefined),
  );
  return { folder, port };
}

/** Milliseconds from a query to its answer, in the mean. */
async function measure(
  { folder, port }: { readonly folder: string; readonly port: number },
  options: readonly string[],
): Promise<number> {
  const times = ['--time', String(seconds), '--client', String(clients)];
  const work = ['--no-vacuum', '--file', script, ...times];
  const address = ['--host', folder, '--port', String(port), '--username', 'app'];
  const output = await runChecked(
    join(cluster.binFolder, 'pgbench'),
    [...work, ...address, ...options, 'app'],
    { hangLimit: (seconds + 30) * 1000 },
  );
  const [, latency] = /^latency average = ([0-9.]+) ms$/m.exec(output) ?? [];
  const [, failed] = /^number of failed transactions: (\d+)/m.exec(output) ?? [];
  if (latency === undefined || (failed !== undefined && failed !== '0')) {
    throw new Error(`pgbench said:\n${output}`);
  }
  return Number(latency);
}
