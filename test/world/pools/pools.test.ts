// One pool, four ways to its token, all at once, for longer than two tokens live: a password that was read once, a .pgpass that
// `pgtoken pgpass` keeps, `pgtoken pooler`, and the driver's own way of asking for a password.
import { type ChildProcess, spawn } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as z from 'zod/mini';

import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.ts';
import { entryOf } from '../../support/entry-of.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { poll } from '../../support/poll.ts';
import { run } from '../../support/run.ts';
import { type DaemonHost, startDaemonHost } from '../../support/start-daemon-host.ts';
import { createPoolerHost, type PoolerHost } from '../../support/start-pooler.ts';
import { POOLS } from './pools.ts';

const peer = inject('peer');
const pool = POOLS.find(({ name }) => name === peer.what)!;

const ROLE = 'foo:myservice';
/** Seconds. The kubelet replaces a token at 80 % of its life. */
const LIFE = 20;
const REPLACED_AT = 16;
/** For how long a program asks: longer than two tokens live. */
const SECONDS = 50;

const resultSchema = z.strictObject({
  queries: z.number(),
  failures: z.number(),
  /** Different sessions of PostgreSQL that have answered. */
  sessions: z.number(),
  /** When the last answer came, in seconds. */
  lastAnswer: z.number(),
  firstFailure: z.string(),
});
type Result = z.output<typeof resultSchema>;
const WAYS = ['once', 'pgpass', 'pooler', 'callback'] as const;
type Way = (typeof WAYS)[number];

const stack = new AsyncDisposableStack();
let server: DaemonHost;
let host: PoolerHost;
let issuer: Issuer;
let token: string;
const results = new Map<Way, Result>();

async function publish(): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await writeFile(`${token}.new`, await issuer.mint({ iat: now, nbf: now, exp: now + LIFE }));
  await rename(`${token}.new`, token);
}

beforeAll(async () => {
  const authority: CertificateAuthority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  server = stack.use(await startDaemonHost([ROLE]));
  host = stack.use(await createPoolerHost());
  stack.use(
    await server.startDaemon({
      issuers: [entryOf('cluster', issuer, { token: { clockSkew: '0s' } })],
    }),
  );
  token = host.inside('token');
  await publish();
  const kubelet = setInterval(() => void publish(), REPLACED_AT * 1000);
  stack.defer(() => {
    clearInterval(kubelet);
  });
  const { port } = server.cluster;
  const pooler = await host.start({
    command: server.installation.command,
    address: '127.0.0.1',
    yaml: `tls: {mode: disable}\ndrain: 1s\ntenants:\n- {alias: app, host: 127.0.0.1, port: ${port}, database: postgres, role: "${ROLE}", token: {file: ${token}}}\n`,
  });
  const passfile = host.inside('pgpass');
  const address = ['--host', '127.0.0.1', '--port', String(port), '--user', ROLE];
  const files = ['--file', passfile, '--ready-file', host.inside('ready')];
  const keeper: ChildProcess = spawn(
    server.installation.command,
    ['pgpass', ...address, '--token-file', token, ...files],
    { env: { PATH: process.env['PATH'] }, stdio: 'ignore' },
  );
  stack.defer(() => void keeper.kill('SIGKILL'));
  await pooler.waitForLine('ready');
  await poll('the first .pgpass', async () => {
    const { status } = await run('test', ['-e', host.inside('ready')]);
    return status === 0 ? true : undefined;
  });

  await Promise.all(
    WAYS.map(async (way) => {
      const to = way === 'pooler' ? [String(pooler.port), 'app'] : [String(port), 'postgres'];
      const env = {
        HOME: host.folder,
        JAVA_HOME: process.env['JAVA_HOME'] ?? '',
        TOKEN_FILE: token,
        PGPASSFILE: way === 'pgpass' ? passfile : host.inside('none'),
      };
      const args = [way, '127.0.0.1', ...to, ROLE, String(SECONDS)];
      const { stdout, stderr } = await run(peer.programs['run'] ?? '', args, {
        env,
        hangLimit: (SECONDS + 60) * 1000,
      });
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (!line.startsWith('{')) throw new Error(`${way}: ${stdout}${stderr}`);
      results.set(way, resultSchema.parse(JSON.parse(line)));
    }),
  );
  // For whoever writes the table of docs/connect/clients.md.
  process.stdout.write(`${peer.what} ${JSON.stringify(Object.fromEntries(results))}\n`);
});
afterAll(async () => {
  await stack.disposeAsync();
});

const ENDED = 'it ended with its first token';
const LIVED = 'no query failed';

/** What has become of a pool, or its figures where it is neither. */
function outcomeOf(result: Result): string {
  const { queries, failures, sessions, lastAnswer } = result;
  // Nothing was lost, and there were logins all the time.
  if (failures === 0 && queries > 4 * SECONDS && sessions > 10 && lastAnswer > SECONDS - 5) {
    return LIVED;
  }
  // The lifetime of a connection, and the time that it takes to look at it, come on top.
  if (queries > 0 && failures > 0 && lastAnswer < LIFE + 10) return ENDED;
  return JSON.stringify(result);
}

const CASES: readonly (readonly [sentence: string, way: Way, outcome: string])[] = [
  [
    'with a token that was read once as its password, no login succeeds when that token has expired',
    'once',
    ENDED,
  ],
  pool.followsPgpass
    ? ['with a .pgpass that `pgtoken pgpass` keeps fresh, no query fails', 'pgpass', LIVED]
    : [
        'with a .pgpass no login succeeds when its first token has expired, as it is read once',
        'pgpass',
        ENDED,
      ],
  ['through `pgtoken pooler`, no query fails', 'pooler', LIVED],
  [`with ${pool.callback}, no query fails`, 'callback', LIVED],
];

it.each(CASES)('%s', (_sentence, way, outcome) => {
  expect(outcomeOf(results.get(way)!)).toBe(outcome);
});
