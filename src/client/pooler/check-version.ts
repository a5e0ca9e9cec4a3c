// Whether a PgBouncer is new enough to be handed tokens, and to be reached by clients that have none.
import { basename } from 'node:path';
import { quote } from '../../quote.ts';
import { type Argv, runProgram } from '../sources/run-program.ts';
import { fault, type TokenFault } from '../token/client-token.ts';

/** The oldest one. */
const LEAST = [1, 25, 2] as const;
const REASON =
  'Older ones can be crashed by who connects to them and overrun by a server (CVE-2026-6664 to 6667), and 1.26 takes tokens of over 2047 bytes: install 1.25.2 or newer, or Debian 13 with its updates, and name it in pgbouncer.path.';
/** An older one that has the same fixes: the package of Debian 13 since its second update. */
const FIXED = /^1\.24\.1-1\+deb13u(?:[2-9]|[1-9][0-9]{1,3})$/;
const FIXED_VERSION = '1.24.1';
/** Seconds that it may take to say its version. */
const DEADLINE = 10;
/** The longest password that PgBouncer before 1.26 takes whole, in bytes. */
const LONGEST_BEFORE_126 = 2047;

/** A PgBouncer that is new enough. */
export interface PgBouncerVersion {
  readonly ok: true;
  readonly version: string;
  /** The longest token that it takes whole, in bytes; undefined: as long as the daemon accepts any. */
  readonly longestToken: number | undefined;
}

/** @param printed by `pgbouncer --version`. @returns the version, or why it cannot be used. */
export function parseVersion(printed: string): PgBouncerVersion | TokenFault {
  const [, version = '', ...numbers] =
    /^PgBouncer ((\d{1,4})\.(\d{1,4})\.(\d{1,4})\S*)/.exec(printed) ?? [];
  if (numbers.length === 0) {
    return fault(
      `it says that it is ${quote(printed.split('\n', 1)[0])}; expected "PgBouncer" and a version`,
      'Name the program in pgbouncer.path.',
    );
  }
  const seen = numbers.map(Number);
  return compare(seen, LEAST) < 0
    ? fault(`it is version ${version}; expected ${LEAST.join('.')} or newer`, REASON)
    : {
        ok: true,
        version,
        longestToken: compare(seen, [1, 26, 0]) < 0 ? LONGEST_BEFORE_126 : undefined,
      };
}

/** Asks a program for its version. Never rejects. */
export async function checkVersion(
  path: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PgBouncerVersion | TokenFault> {
  const ask = async (argv: Argv) =>
    runProgram(argv, { deadline: DEADLINE, env, onError: () => undefined, signal });
  const run = await ask([path, '--version']);
  if (!run.ok) {
    return fault(run.reason, `Install PgBouncer, or name ${basename(path)} in pgbouncer.path.`);
  }
  const parsed = parseVersion(run.output);
  if (parsed.ok || !run.output.startsWith(`PgBouncer ${FIXED_VERSION}\n`)) {
    return parsed;
  }
  // It says nothing of Debian's fixes itself. Whose file it is and which version that has, dpkg knows.
  const owner = await ask(['dpkg-query', '--search', path]);
  if (!owner.ok || owner.output !== `pgbouncer: ${path}\n`) {
    return parsed;
  }
  const installed = await ask([
    'dpkg-query',
    '--show',
    '--showformat=${db:Status-Status} ${Version}',
    'pgbouncer',
  ]);
  const [, version = ''] = (installed.ok && /^installed (\S+)$/.exec(installed.output)) || [];
  return FIXED.test(version) ? { ok: true, version, longestToken: LONGEST_BEFORE_126 } : parsed;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = b.findIndex((number, index) => a[index] !== number);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
