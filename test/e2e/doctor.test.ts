// `pgtoken doctor` on a host that is in order, and on the same host with one fault planted at a time: it names that fault and
// its fix, and no other. Everything is real: PostgreSQL, the daemon, an issuer over HTTPS, the module, and files of every kind.
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  mkdir,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { createOffClockIssuer } from '../doctor/off-clock-issuer.ts';
import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { runChecked } from '../support/run-checked.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import type { RunResult } from '../support/run.ts';
import {
  DAEMON_SERVICE,
  startDaemonHost,
  untilCached,
  type DaemonHost,
} from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const LONG_ROLE = `team-a:${'reporting-'.repeat(6)}x`;
const CUT_ROLE = `app:${'y'.repeat(70)}`.slice(0, 63);

const findingSchema = z.strictObject({
  topic: z.string(),
  level: z.enum(['ok', 'warning', 'failure']),
  fault: z.nullable(z.string()),
  subject: z.string(),
  message: z.string(),
  hint: z.nullable(z.string()),
});
const answerSchema = z.strictObject({
  ok: z.boolean(),
  failures: z.int(),
  warnings: z.int(),
  findings: z.array(findingSchema),
});
type Finding = z.output<typeof findingSchema>;

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let issuer: Issuer;
let host: DaemonHost;
let daemon: DaemonProcess;
let folder: string;
let scratch = 0;

const entry = (over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  name: 'homelab',
  issuer: {
    url: issuer.url,
    certificateAuthority: issuer.certificateAuthority,
    audiences: ['postgres'],
  },
  roles: [{ claim: 'sub', equals: 'system:serviceaccount:foo:myservice', role: 'foo:myservice' }],
  ...over,
});

beforeAll(async () => {
  expect(process.geteuid?.(), 'these tests change owners, which only root may').toBe(0);
  authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority));
  host = stack.use(await startDaemonHost(['foo:myservice']));
  folder = stack.use(await createTemporaryFolder('doctor')).path;
  daemon = await host.startDaemon({ issuers: [entry()] });
  stack.defer(async () => {
    await daemon.stop();
  });
  await untilCached(host, ['homelab']);
}, 180_000);

afterAll(async () => {
  await stack.disposeAsync();
});

beforeEach(async () => {
  await issuer.recover();
});

/** A new folder of this test. */
async function newFolder(): Promise<string> {
  scratch += 1;
  const path = join(folder, String(scratch));
  await mkdir(path);
  await chmod(path, 0o755);
  return path;
}

/** A file in a folder of its own. */
async function newFile(name: string, text: string): Promise<string> {
  const path = join(await newFolder(), name);
  await writeFile(path, text);
  await chmod(path, 0o644);
  return path;
}

const configFile = async (...entries: readonly Record<string, unknown>[]): Promise<string> =>
  newFile('issuers.yaml', writeIssuersYAML(entries));

/** A PAM folder with this service file. */
async function pamFolder(...lines: readonly string[]): Promise<string> {
  const path = await newFile(DAEMON_SERVICE, lines.map((line) => `${line}\n`).join(''));
  return join(path, '..');
}

/** The module with the options of the host. */
const ourModule = (): string => `${host.installation.module} socket=${host.socket} timeout=5`;
const accountLine = (): string => `account required ${ourModule()}`;

const hbaFile = async (...lines: readonly string[]): Promise<string> =>
  newFile('pg_hba.conf', lines.map((line) => `${line}\n`).join(''));

const serverHBA = (): string => join(host.cluster.folder, 'data', 'pg_hba.conf');
const connection = (): string =>
  `host=${host.cluster.socketFolder} port=${host.cluster.port} user=postgres dbname=postgres`;

interface Over {
  readonly config?: string;
  readonly pamDir?: string;
  readonly hba?: string | false;
  readonly more?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function doctor(over: Over = {}): Promise<RunResult> {
  const { config = host.installation.config, hba = serverHBA(), more = [] } = over;
  const pamDir = over.pamDir ?? (await pamFolder(`auth required ${ourModule()}`, accountLine()));
  return runPgtoken(
    [
      'doctor',
      `--config=${config}`,
      `--cache-dir=${host.cacheFolder}`,
      `--pam-dir=${pamDir}`,
      `--pgbouncer=${join(folder, 'no-pgbouncer.ini')}`,
      ...(hba === false ? [] : [`--hba=${hba}`]),
      ...more,
    ],
    { command: host.installation.command, ...(over.env === undefined ? {} : { env: over.env }) },
  );
}

interface Examined {
  readonly status: number | undefined;
  readonly findings: readonly Finding[];
  /** Those that are not in order. */
  readonly faults: readonly Omit<Finding, 'topic'>[];
}

async function examine(over: Over = {}): Promise<Examined> {
  const { status, stdout, stderr } = await doctor({
    ...over,
    more: [...(over.more ?? []), '--json'],
  });
  expect(stderr).toBe('');
  const { findings, failures, warnings, ok } = answerSchema.parse(JSON.parse(stdout));
  expect({ failures, warnings, ok }).toEqual({
    failures: findings.filter(({ level }) => level === 'failure').length,
    warnings: findings.filter(({ level }) => level === 'warning').length,
    ok: findings.every(({ level }) => level !== 'failure'),
  });
  expect(status).toBe(failures === 0 ? 0 : 1);
  const faults = findings
    .filter(({ level }) => level !== 'ok')
    .map(({ topic: _, ...finding }) => finding);
  return { status, findings, faults };
}

const fault = (
  level: 'failure' | 'warning',
  name: string,
  subject: string,
  message: string,
  hint: string,
): Omit<Finding, 'topic'> => ({ level, fault: name, subject, message, hint });

const TWO_LINES = '\n  auth     required  pam_pgtoken.so\n  account  required  pam_pgtoken.so';

describe('on a host in order', () => {
  it('finds nothing', async () => {
    const { status, findings, faults } = await examine({ more: [`--db=${connection()}`] });
    expect({ status, faults }).toEqual({ status: 0, faults: [] });
    expect([...new Set(findings.map(({ topic }) => topic))]).toEqual([
      'config',
      'issuer',
      'clock',
      'keys',
      'service',
      'module',
      'socket',
      'daemon',
      'hba',
      'database',
      'role',
      'pgbouncer',
    ]);
  });

  it('lets a token in, so that there is nothing to find', async () => {
    const login = { role: 'foo:myservice', password: await issuer.mint(), over: 'tcp' as const };
    expect(await host.cluster.psql(login)).toMatchObject({ status: 0, stdout: 'foo:myservice\n' });
  });

  it('tells a person in lines of at most 80 columns, words that are longer aside', async () => {
    const { status, stdout, stderr } = await doctor();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const long = stdout.split('\n').filter((line) => line.length > 80);
    expect(long.filter((line) => line.trim().split(/\s+/).length > 2)).toEqual([]);
    expect(stdout).toMatch(/^configuration\n {2}ok {7}\S*issuers\.yaml:/);
    expect(stdout).toMatch(/\n\n0 failures, 0 warnings\n$/);
    expect(stdout).not.toContain('\u{1b}');
  });
});

describe('names the fault and the fix where', () => {
  it('there is no service file', async () => {
    const pamDir = await newFolder();
    const { faults } = await examine({ pamDir });
    expect(faults).toEqual([
      fault(
        'failure',
        'service-missing',
        join(pamDir, DAEMON_SERVICE),
        'no such file; every login to this service is denied',
        `Write it with two lines:${TWO_LINES}`,
      ),
      ...(await examine({ pamDir })).faults.slice(1),
    ]);
  });
});
