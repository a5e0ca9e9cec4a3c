// A driver logs in over TLS with tokens of two lengths, by each way to its password that docs/connect/clients.md names, and says that it was
// refused.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { entryOf } from '../../support/entry-of.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { poll } from '../../support/poll.ts';
import { run, type RunResult } from '../../support/run.ts';
import type { LogLine } from '../../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { writeSecret } from '../../support/write-secret.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { DRIVERS, type Way } from './drivers.ts';

const ROLE = 'foo:myservice';
/** A token of Kubernetes, and that of a person in many groups. */
const LENGTHS = [1240, 8000];

const peer = inject('peer');
const driver = DRIVERS.find(({ name }) => name === peer.what)!;
/** The role in a line of a .pgpass, as docs/connect/clients.md has it. */
const ESCAPED = 'foo\\:myservice';
const lineOf = driver.keepsEscapes ? '*' : ESCAPED;

interface Options {
  /** The certificate authority that the driver trusts. Default: that of the server. */
  readonly trusted?: string;
  /** The role in the line of the .pgpass. */
  readonly role?: string;
}

const stack = new AsyncDisposableStack();
let issuer: Issuer;
let database: Database;
let folder: string;
let authority: string;
let otherAuthority: string;

beforeAll(async () => {
  const own = stack.use(await createCertificateAuthority());
  const other = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(own));
  folder = stack.use(await createTemporaryFolder('clients')).path;
  const inside = (name: string): string => join(folder, name);
  [authority, otherAuthority] = [inside('root.crt'), inside('other.crt')];
  await writeFile(authority, own.certificate);
  await writeFile(otherAuthority, other.certificate);
  const { key, cert } = await own.issue();
  await writeSecret(inside('server.key'), key);
  await writeSecret(inside('server.crt'), cert);
  database = stack.use(
    await startDatabase([ROLE], {
      settings: {
        ssl: 'on',
        ssl_cert_file: inside('server.crt'),
        ssl_key_file: inside('server.key'),
      },
    }),
  );
  await database.startDaemon([entryOf('cluster', issuer)]);
});
afterAll(async () => {
  await stack.disposeAsync();
});

/** Nobody else has the same. */
async function mint(bytes: number, claims: Readonly<Record<string, unknown>> = {}) {
  const jti = crypto.randomUUID();
  const token = await issuer.mint({ jti, ...claims }, { bytes });
  expect(Math.abs(token.length - bytes)).toBeLessThan(4);
  return { token, jti };
}

/** Has the driver log in with this token, which it has from nowhere else. */
async function logIn(way: Way, token: string, options: Options = {}): Promise<RunResult> {
  const { trusted = authority, role = lineOf } = options;
  const { port } = database.host.cluster;
  const passfile = join(folder, 'pgpass');
  const line = way === 'pgpass' ? `127.0.0.1:${port}:*:${role}:${token}\n` : '';
  await writeFile(passfile, line, { mode: 0o600 });
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, way === 'pgpass' ? '' : `${token}\n`);
  const args = [way, '127.0.0.1', String(port), 'postgres', ROLE, trusted];
  return run(peer.programs['run'] ?? '', args, {
    env: {
      HOME: folder,
      JAVA_HOME: process.env['JAVA_HOME'] ?? '',
      PGPASSFILE: passfile,
      TOKEN_FILE: tokenFile,
    },
  });
}

/** What it shows beside the warning that it has whenever it reads a .pgpass. */
function withoutWarning(way: Way, shown: string): string {
  const { warning } = driver;
  if (warning === undefined || way !== 'pgpass') return shown;
  const [first, ...others] = shown.split('\n');
  expect(first).toContain(warning);
  // Node says behind it where to read more.
  return others.filter((line) => !line.startsWith('(')).join('\n');
}

/** How many decisions there were so far. */
const mark = (): number => decisions().length;
const decisions = (): readonly LogLine[] =>
  database
    .daemon()
    .lines()
    .filter(({ msg }) => msg === 'decision');
/** Those since then, once there is one. */
const decisionsSince = async (at: number): Promise<readonly LogLine[]> =>
  poll('a decision', () => (mark() > at ? decisions().slice(at) : undefined));

const PASSED: Readonly<Record<Way, string>> = {
  password: 'passed as the password',
  callback: 'returned by a callback',
  pgpass: 'read from a .pgpass',
};
const CASES = driver.ways.flatMap((way) =>
  LENGTHS.map((bytes) => [bytes, PASSED[way], way] as const),
);

it.each(CASES)(`a token of %d bytes, %s, logs in (${driver.name})`, async (bytes, _passed, way) => {
  const { token, jti } = await mint(bytes);
  const at = mark();
  const { status, stdout, stderr } = await logIn(way, token);
  expect([stdout, withoutWarning(way, stderr)]).toEqual([`${ROLE} TLS\n`, '']);
  expect(status).toBe(0);
  expect(await decisionsSince(at)).toMatchObject([{ outcome: 'granted', role: ROLE, jti }]);
});

it.each(driver.ways)(
  `a token for another audience is refused, which shows as \`${driver.refusal.replaceAll('`', "'")}\` (${driver.name}: %s)`,
  async (way) => {
    const { token } = await mint(1240, { aud: 'vault' });
    const at = mark();
    const { status, stdout, stderr } = await logIn(way, token);
    expect(await decisionsSince(at)).toMatchObject([{ code: 'ERR_AUDIENCE_MISMATCH' }]);
    const shown = withoutWarning(way, stderr).replace(String(database.host.cluster.port), 'PORT');
    expect([stdout, shown.trimEnd()]).toEqual(['', driver.refusal]);
    expect(status).toBeGreaterThan(0);
  },
);

it.each(driver.ways)(
  `a server whose certificate is from an untrusted authority gets no token (${driver.name}: %s)`,
  async (way) => {
    const { token } = await mint(1240);
    const at = mark();
    const { status, stdout, stderr } = await logIn(way, token, { trusted: otherAuthority });
    expect(stdout).toBe('');
    expect(status).toBeGreaterThan(0);
    expect(stderr).not.toContain(token.slice(0, 20));
    // A decision on that token would be the first.
    const next = await mint(1240);
    expect((await logIn(way, next.token)).status).toBe(0);
    expect(await decisionsSince(at)).toMatchObject([{ jti: next.jti }]);
  },
);

it.each(driver.keepsEscapes ? [ESCAPED] : [])(
  `a line of a .pgpass for role %s is not found, as its \\ is not taken away (${driver.name})`,
  async (role) => {
    const { token } = await mint(1240);
    const { status, stderr } = await logIn('pgpass', token, { role });
    expect(stderr).toBe('empty password returned by client\n');
    expect(status).toBe(1);
  },
);
