// A database host in order, for `pgtoken doctor` to be tried on: PostgreSQL, a daemon, an issuer, the module. A test plants one
// fault in a file of its own and names that file instead of the host's; nothing of the host itself changes.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect } from 'vitest';
import * as z from 'zod';

import { createCertificateAuthority, type CertificateAuthority } from './certificate-authority.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { run, type RunResult } from './run.ts';
import {
  DAEMON_SERVICE,
  startDaemonHost,
  untilCached,
  type DaemonHost,
} from './start-daemon-host.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { writeIssuersYAML } from './write-issuers-yaml.ts';

/** What `--json` writes. */
export const answerSchema = z.strictObject({
  ok: z.boolean(),
  failures: z.int(),
  warnings: z.int(),
  notes: z.int(),
  findings: z.array(
    z.strictObject({
      topic: z.string(),
      level: z.enum(['ok', 'note', 'warning', 'failure']),
      fault: z.nullable(z.string()),
      subject: z.string(),
      message: z.string(),
      hint: z.nullable(z.string()),
    }),
  ),
});
export type Finding = z.output<typeof answerSchema>['findings'][number];
export type Fault = Omit<Finding, 'topic'>;

/** What a run is told in place of what the host has. */
export interface Over {
  readonly config?: string;
  readonly pamDir?: string;
  /** false: none is named. */
  readonly hba?: string | false;
  readonly socket?: string;
  readonly moduleDir?: string;
  readonly more?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Run as nobody, who may not read the files of the server. */
  readonly asNobody?: boolean;
  /** What stands before the command. */
  readonly before?: readonly string[];
}

export interface Examined {
  readonly status: number | undefined;
  readonly findings: readonly Finding[];
  /** Those that are not in order. */
  readonly faults: readonly Fault[];
}

export interface ExaminedHost extends AsyncDisposable {
  readonly authority: CertificateAuthority;
  readonly issuer: Issuer;
  readonly daemonHost: DaemonHost;
  readonly hbaFile: string;
  /** A connection string of a superuser. */
  readonly connection: string;
  /** An entry of issuers.yaml like that of the host. */
  readonly entry: (over?: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  /** The module with its options, as it stands in a service file. */
  readonly module: string;
  /** A folder for one test. */
  readonly newFolder: () => Promise<string>;
  /** A file in a folder of its own. */
  readonly newFile: (name: string, text: string) => Promise<string>;
  readonly newConfig: (...entries: readonly Record<string, unknown>[]) => Promise<string>;
  /** A PAM folder with the service in these lines. */
  readonly newPAMFolder: (...lines: readonly string[]) => Promise<string>;
  readonly newHBA: (...lines: readonly string[]) => Promise<string>;
  readonly run: (over?: Over) => Promise<RunResult>;
  readonly examine: (over?: Over) => Promise<Examined>;
  /** All that is not in order. */
  readonly faultsOf: (over?: Over) => Promise<readonly Fault[]>;
}

export const SERVICE = DAEMON_SERVICE;
const AS_NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--'];
export const ROLE = 'foo:myservice';

export async function startExaminedHost(): Promise<ExaminedHost> {
  expect(process.geteuid?.(), 'owners are changed here, which only root may').toBe(0);
  const stack = new AsyncDisposableStack();
  try {
    return await build(stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(stack: AsyncDisposableStack): Promise<ExaminedHost> {
  const authority = stack.use(await createCertificateAuthority());
  const issuer = stack.use(await createIssuer(authority));
  const daemonHost = stack.use(await startDaemonHost([ROLE]));
  const { installation, cluster, socket, cacheFolder } = daemonHost;
  const folder = stack.use(await createTemporaryFolder('doctor')).path;
  const entry: ExaminedHost['entry'] = (over = {}) => ({
    name: 'homelab',
    issuer: {
      url: issuer.url,
      certificateAuthority: issuer.certificateAuthority,
      audiences: ['postgres'],
    },
    // A busy machine is no fault of the issuer.
    http: { timeout: '30s' },
    roles: [{ claim: 'sub', equals: 'system:serviceaccount:foo:myservice', role: ROLE }],
    ...over,
  });
  stack.use(await daemonHost.startDaemon({ issuers: [entry()] }));
  await untilCached(daemonHost, ['homelab']);

  let folders = 0;
  const newFolder = async (): Promise<string> => {
    folders += 1;
    const path = join(folder, String(folders));
    await mkdir(path);
    await chmod(path, 0o755);
    return path;
  };
  const newFile = async (name: string, text: string): Promise<string> => {
    const path = join(await newFolder(), name);
    await writeFile(path, text);
    await chmod(path, 0o644);
    return path;
  };
  const newPAMFolder: ExaminedHost['newPAMFolder'] = async (...lines) =>
    dirname(await newFile(SERVICE, lines.map((line) => `${line}\n`).join('')));

  const module = `${installation.module} socket=${socket} timeout=5`;
  const pamDir = await newPAMFolder(`auth required ${module}`, `account required ${module}`);
  const hbaFile = join(cluster.folder, 'data', 'pg_hba.conf');
  const runDoctor: ExaminedHost['run'] = async (over = {}) => {
    const { hba = hbaFile, more = [], env } = over;
    const args = [
      `--config=${over.config ?? installation.config}`,
      `--cache-dir=${cacheFolder}`,
      `--pam-dir=${over.pamDir ?? pamDir}`,
      `--module-dir=${over.moduleDir ?? dirname(installation.module)}`,
      `--socket=${over.socket ?? socket}`,
      ...(hba === false ? [] : [`--hba=${hba}`]),
      `--pgbouncer=${join(folder, 'no-pgbouncer.ini')}`,
      ...more,
    ];
    const [program, ...before] = [
      ...(over.before ?? []),
      ...(over.asNobody === true ? AS_NOBODY : []),
      installation.command,
    ];
    return run(program, [...before, 'doctor', ...args], env === undefined ? {} : { env });
  };
  const examine: ExaminedHost['examine'] = async (over = {}) => {
    const { status, stdout, stderr } = await runDoctor({
      ...over,
      more: [...(over.more ?? []), '--json'],
    });
    expect(stderr).toBe('');
    const { findings, ...sums } = answerSchema.parse(JSON.parse(stdout));
    const levels = findings.map(({ level }) => level);
    const countOf = (wanted: string): number => levels.filter((level) => level === wanted).length;
    const failures = countOf('failure');
    const [warnings, notes] = [countOf('warning'), countOf('note')];
    expect(sums).toEqual({ ok: failures === 0, failures, warnings, notes });
    expect(status).toBe(failures === 0 ? 0 : 1);
    const faults = findings
      .filter(({ level }) => level !== 'ok')
      .map(({ topic: _topic, ...finding }) => finding);
    return { status, findings, faults };
  };
  return {
    authority,
    issuer,
    daemonHost,
    hbaFile,
    connection: `host=${cluster.socketFolder} port=${cluster.port} user=postgres dbname=postgres`,
    entry,
    module,
    newFolder,
    newFile,
    newConfig: async (...entries) => newFile('issuers.yaml', writeIssuersYAML(entries)),
    newPAMFolder,
    newHBA: async (...lines) => newFile('pg_hba.conf', lines.map((line) => `${line}\n`).join('')),
    run: runDoctor,
    examine,
    faultsOf: async (over) => (await examine(over)).faults,
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

/** A fault in full. */
export function fault(
  level: 'failure' | 'warning' | 'note',
  name: string,
  subject: string,
  message: string,
  hint: string,
): Fault {
  return { level, fault: name, subject, message, hint };
}

/** What a service file is to hold, as hints have it. */
export const TWO_LINES =
  '\n  auth     required  pam_pgtoken.so\n  account  required  pam_pgtoken.so';
