// Logins through PgBouncer with auth_type = pam: it asks pgtoken about the token, and hands it on to PostgreSQL, which asks
// again. PgBouncer is the distribution's; what it does to long tokens is a fact of its version.
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { askDaemon } from '../support/ask-daemon.ts';
import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { createIssuer, type Issuer, type MintOptions } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { runChecked } from '../support/run-checked.ts';
import { run, type RunResult } from '../support/run.ts';
import { DAEMON_SERVICE, startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess, LogLine } from '../support/start-daemon-process.ts';
import { startPgBouncer, type PgBouncer } from '../support/start-pgbouncer.ts';

const ROLE = 'foo:myservice';
/** May use PgBouncer's own console. */
const ADMIN = 'foo:admin';
/** What PgBouncer keeps of a password, without its NUL. */
const LONGEST = 2047;

/** Debian 12 has 1.18, Debian 13 has 1.24. What is newer than 1.25 takes longer tokens, and needs tests of its own. */
const [MAJOR, MINOR] = await readVersion();
const REFUSES_ITSELF = MINOR < 23;

const stack = new AsyncDisposableStack();
const tokens: string[] = [];
let authority: CertificateAuthority;
let issuer: Issuer;
let host: DaemonHost;
let daemon: DaemonProcess;
let pooler: PgBouncer;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority));
  host = stack.use(await startDaemonHost([ROLE, 'foo:other']));
  daemon = await startDaemon();
  const module = `${host.installation.module} socket=${host.socket} timeout=3`;
  pooler = stack.use(
    await startPgBouncer({
      cluster: host.cluster,
      pamService: `auth required ${module}\naccount required ${module}\n`,
      certificate: await authority.issue(),
      settings: { admin_users: ADMIN },
    }),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function readVersion(): Promise<readonly [number, number]> {
  const version = await runChecked('pgbouncer', ['--version']);
  const [, major, minor] = /^PgBouncer (\d+)\.(\d+)\./.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

async function startDaemon(): Promise<DaemonProcess> {
  const started = await host.startDaemon({
    issuers: [
      {
        name: 'cluster',
        issuer: {
          url: issuer.url,
          certificateAuthority: issuer.certificateAuthority,
          audiences: ['postgres'],
        },
        roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
      },
    ],
  });
  return stack.use(started);
}

async function mint(
  options?: MintOptions,
  claims?: Readonly<Record<string, unknown>>,
): Promise<string> {
  const token = await issuer.mint(claims, options);
  tokens.push(token);
  return token;
}

/** A token of exactly this length. Base64url cannot hit every length with its claims alone. */
async function mintOfLength(bytes: number): Promise<string> {
  for (const filler of ['', 'x', 'xx', 'xxx']) {
    const token = await mint({ bytes, header: { filler } });
    if (token.length === bytes) return token;
  }
  throw new Error(`no token has ${bytes} bytes`);
}

/** Logs in with psql over TLS. */
async function login(
  role: string,
  password: string,
  { database = 'postgres', sql = 'select current_user' } = {},
): Promise<RunResult> {
  return run(join(host.cluster.binFolder, 'psql'), ['-X', '-w', '-A', '-t', '-c', sql], {
    env: {
      HOME: host.cluster.folder,
      PGHOST: '127.0.0.1',
      PGPORT: String(pooler.port),
      PGUSER: role,
      PGDATABASE: database,
      PGPASSWORD: password,
      PGSSLMODE: 'require',
    },
  });
}

/**
 * Logs in, and expects these decisions of the daemon, whose log may come later than the client's answer.
 *
 * @returns the client's answer and what PgBouncer logged
 */
async function observe(role: string, password: string, decisions: readonly string[]) {
  const [logged, decided] = [pooler.log().length, daemon.lines().length];
  const answer = await login(role, password);
  const seen = (): string[] => daemon.lines().slice(decided).filter(isDecision).map(brief);
  await poll('the decisions', () => (seen().length >= decisions.length ? true : undefined));
  expect(seen()).toEqual(decisions);
  return { answer, logged: pooler.log().slice(logged) };
}

function isDecision({ msg }: LogLine): boolean {
  return msg === 'decision';
}

function brief({ service, outcome, code, role }: LogLine): string {
  return JSON.stringify([service, outcome, code, role].filter((word) => word !== undefined));
}

/** A decision as {@link brief} has it. */
const decision = (...words: readonly string[]): string => JSON.stringify(words);

const refusal = (message: string) => ({
  status: 2,
  stdout: '',
  stderr: `psql: error: connection to server at "127.0.0.1", port ${pooler.port} failed: FATAL:  ${message}\n`,
});

it('these are facts of PgBouncer 1.17 to 1.25', () => {
  expect(MAJOR).toBe(1);
  expect(MINOR).toBeGreaterThanOrEqual(17);
  expect(MINOR).toBeLessThanOrEqual(25);
});

describe('a login through PgBouncer', () => {
  it('is granted with a token, which PostgreSQL has checked as well', async () => {
    const { answer } = await observe(ROLE, await mint(), [
      decision('pgbouncer', 'granted', ROLE),
      decision(DAEMON_SERVICE, 'granted', ROLE),
    ]);
    expect(answer).toMatchObject({ status: 0, stdout: `${ROLE}\n`, stderr: '' });
  });

  it('takes a connection of the pool, and is decided by its own token', async () => {
    const { answer } = await observe(ROLE, await mint(), [decision('pgbouncer', 'granted', ROLE)]);
    expect(answer).toMatchObject({ status: 0, stdout: `${ROLE}\n`, stderr: '' });
  });

  it('makes a new connection to PostgreSQL with the token of the newest login', async () => {
    await host.cluster.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`,
    );
    const decided = daemon.lines().length;
    const token = await mint({}, { jti: 'newest' });
    expect(await login(ROLE, token)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
    const seen = await poll('two decisions', () => {
      const lines = daemon.lines().slice(decided).filter(isDecision);
      return lines.length >= 2 ? lines : undefined;
    });
    expect(seen.map(({ service, outcome, jti }) => ({ service, outcome, jti }))).toEqual([
      { service: 'pgbouncer', outcome: 'granted', jti: 'newest' },
      { service: DAEMON_SERVICE, outcome: 'granted', jti: 'newest' },
    ]);
  });

  it('gets to the console with a token for a role of admin_users, and with no other', async () => {
    const console = { database: 'pgbouncer', sql: 'show version' };
    const token = await mint({}, { sub: `system:serviceaccount:${ADMIN}` });
    const granted = await login(ADMIN, token, console);
    expect(granted).toMatchObject({ status: 0, stderr: '' });
    expect(granted.stdout).toMatch(/^PgBouncer \d/);
    expect(await login(ROLE, await mint(), console)).toMatchObject(refusal('not allowed'));
  });

  it('is refused as another role than the token may be; PostgreSQL is not asked', async () => {
    const { answer, logged } = await observe('foo:other', await mint(), [
      decision('pgbouncer', 'denied', 'ERR_ROLE_NOT_PERMITTED', 'foo:other'),
    ]);
    expect(answer).toMatchObject(refusal('PAM authentication failed'));
    // The reason stands in the daemon's log and in syslog, not here.
    expect(logged).toContain('WARNING pam_authenticate() failed: Authentication failure');
    expect(logged).not.toContain('ERR_');
  });
});

describe('a long token', () => {
  it(`of ${LONGEST} bytes passes`, async () => {
    const token = await mintOfLength(LONGEST);
    const { answer } = await observe(ROLE, token, [decision('pgbouncer', 'granted', ROLE)]);
    expect(answer).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  });

  it('of one byte more is cut, and refused as what it is', async () => {
    const token = await mintOfLength(LONGEST + 1);
    const { answer } = await observe(ROLE, token, [
      decision('pgbouncer', 'denied', 'ERR_TOKEN_TRUNCATED', ROLE),
    ]);
    expect(answer).toMatchObject(refusal('PAM authentication failed'));
    // What the module is told, and tells syslog.
    const asked = daemon.lines().length;
    const reason = await askDaemon(host.socket, {
      service: 'pgbouncer',
      user: ROLE,
      token: token.slice(0, LONGEST),
    });
    expect(reason).toBe(
      'denied ERR_TOKEN_TRUNCATED the token was cut to 2047 bytes on its way: its RS256 signature has 255 of at least 256 bytes. HINT: PgBouncer up to 1.25.2 keeps at most 2047 bytes of a password: upgrade it or use shorter tokens.',
    );
    await daemon.waitForLine('decision', asked);
  });

  it(`that does not fit into its buffer is refused, by ${REFUSES_ITSELF ? 'PgBouncer itself' : 'pgtoken, as it arrives without its start'}`, async () => {
    const [decisions, message] = REFUSES_ITSELF
      ? [[], 'client sent partial pkt in startup phase']
      : [
          [decision('pgbouncer', 'denied', 'ERR_TOKEN_TRUNCATED', ROLE)],
          'PAM authentication failed',
        ];
    const { answer } = await observe(ROLE, await mint({ bytes: 5000 }), decisions);
    expect(answer).toMatchObject(refusal(message));
  });
});

it('is refused while the daemon is down, and granted when it is back', async () => {
  await daemon.stop();
  const logged = pooler.log().length;
  expect(await login(ROLE, await mint())).toMatchObject(refusal('PAM authentication failed'));
  expect(pooler.log().slice(logged)).toContain(
    'WARNING pam_authenticate() failed: Authentication service cannot retrieve authentication info',
  );
  daemon = await startDaemon();
  expect(await login(ROLE, await mint())).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
});

it('leaves no token in the log of PgBouncer', () => {
  expect(tokens.length).toBeGreaterThan(5);
  const signatures = tokens.map((token) => token.split('.')[2]!.slice(0, 40));
  expect(signatures.filter((signature) => pooler.log().includes(signature))).toEqual([]);
});
