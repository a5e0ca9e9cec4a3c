// PgBouncer in front of the server: what it cuts, and whether it has a PAM service of its own.
import { basename, join } from 'node:path';
import { findServiceFile } from '../pam/check-service.ts';
import { fault, ok, type Finding } from '../finding.ts';
import type { Host } from '../host/host.ts';

/** Where PgBouncer is configured, and on what terms tokens come. */
export interface PgBouncerTerms {
  /** pgbouncer.ini. */
  readonly file: string;
  /** Where libpam looks, in this order. */
  readonly folders: readonly string[];
  /** The longest token that any issuer accepts; undefined when that is not known. */
  readonly maxTokenBytes: number | undefined;
}

/** The name by which PgBouncer asks PAM; it cannot be changed. */
const SERVICE = 'pgbouncer';
/** Up to this version, not included, passwords are cut after that many bytes. The first that fits counts. */
const LIMITS: readonly (readonly [before: readonly number[], bytes: number])[] = [
  [[1, 16, 0], 159],
  [[1, 17, 0], 995],
  [[1, 26, 0], 2047],
];

/** Where there is no configuration of it, PgBouncer is taken not to be in use, installed or not. */
export async function checkPgBouncer(
  terms: PgBouncerTerms,
  host: Pick<Host, 'files' | 'run'>,
): Promise<readonly Finding[]> {
  const { file, folders } = terms;
  const ini = host.files.readText(file);
  if (!ini.ok) {
    return [
      ini.missing
        ? ok('pgbouncer', file, 'no such file: no PgBouncer in front')
        : fault('pgbouncer-unreadable', file, ini.reason, 'Run this as root.'),
    ];
  }
  const type = readAuthType(ini.value);
  if (type !== 'pam' && type !== 'hba') {
    return [ok('pgbouncer', file, `auth_type is ${type ?? 'not set'}: no tokens go through it`)];
  }
  const { status, stdout } = await host.run('pgbouncer', ['--version']);
  const [, version] = (status === 0 && /^PgBouncer (\d+(?:\.\d+){1,2})/m.exec(stdout)) || [];
  const faults = [
    ...(type === 'pam' ? checkOwnService(file, folders, host) : []),
    ...(version === undefined
      ? [
          fault(
            'pgbouncer-unknown',
            file,
            'its version cannot be found out, and old ones cut tokens',
            'Make sure that it is 1.26 or newer: pgbouncer --version',
          ),
        ]
      : checkLimit(version, terms)),
  ];
  return faults.length > 0
    ? faults
    : [ok('pgbouncer', file, `version ${version ?? ''}: nothing known to be in the way`)];
}

function checkOwnService(
  file: string,
  folders: readonly string[],
  host: Pick<Host, 'files'>,
): Finding[] {
  const found = findServiceFile(SERVICE, folders, host);
  if (found !== undefined && /pam_pgtoken\.so/.test(found.text)) {
    return [];
  }
  const path = found?.path ?? join(folders[0] ?? '', SERVICE);
  return [
    fault(
      'pgbouncer-service',
      path,
      `${found === undefined ? 'no such file' : 'no line with pam_pgtoken.so'}; auth_type = pam in ${basename(file)} asks service ${SERVICE}`,
      'Write it with two lines:\n  auth     required  pam_pgtoken.so\n  account  required  pam_pgtoken.so',
    ),
  ];
}

function checkLimit(version: string, { file, maxTokenBytes }: PgBouncerTerms): Finding[] {
  const numbers = version.split('.').map(Number);
  const [, bytes] = LIMITS.find(([before]) => isBefore(numbers, before)) ?? [];
  if (bytes === undefined || (maxTokenBytes !== undefined && maxTokenBytes <= bytes)) {
    return [];
  }
  const accepted =
    maxTokenBytes === undefined ? '' : `; issuers.yaml accepts up to ${maxTokenBytes}`;
  return [
    fault(
      'pgbouncer-limit',
      file,
      `PgBouncer ${version} cuts passwords after ${bytes} bytes and says nothing${accepted}`,
      `Use PgBouncer 1.26 or newer, or keep tokens to ${bytes} bytes.`,
    ),
  ];
}

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  for (const [index, part] of other.entries()) {
    const own = version[index] ?? 0;
    if (own !== part) {
      return own < part;
    }
  }
  return false;
}

/** `auth_type` of section `[pgbouncer]`; the last one counts. */
function readAuthType(ini: string): string | undefined {
  let section = '';
  let type: string | undefined;
  for (const line of ini.split('\n')) {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1] ?? section;
    const value = /^\s*auth_type\s*=\s*([a-z0-9-]+)/i.exec(line)?.[1];
    if (section.trim() === 'pgbouncer' && value !== undefined) {
      type = value.toLowerCase();
    }
  }
  return type;
}
