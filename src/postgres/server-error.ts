// Why a server of this host could not be asked, in words that an administrator can act on.
import { codeOf } from '../code-of.ts';
import { messageOf } from '../message-of.ts';

/** untranslatable_character: the encoding of the database does not have it. */
export const NOT_IN_ENCODING = '22P05';

/** A question that a server did not answer. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  /** What to do about it, a whole sentence. */
  readonly hint: string | undefined;
  /** Whether the server is there, and will not do this one thing; asking for another may well do. */
  readonly isRefused: boolean;
  /** Whether nobody listens on its socket: no server runs there, and no login can be its. */
  readonly isAbsent: boolean;
  /** Whether the connection can still be used. */
  readonly keepsConnection: boolean;
  /** The SQLSTATE, or the system's own code. */
  readonly code: string | undefined;

  constructor(
    message: string,
    hint?: string,
    {
      isRefused = false,
      isAbsent = false,
      keepsConnection = isRefused,
      code,
    }: {
      readonly isRefused?: boolean;
      readonly isAbsent?: boolean;
      readonly keepsConnection?: boolean;
      readonly code?: string | undefined;
    } = {},
  ) {
    super(message);
    this.hint = hint;
    this.isRefused = isRefused;
    this.isAbsent = isAbsent;
    this.keepsConnection = keepsConnection;
    this.code = code;
  }
}

/** What lets a user of the daemon in. */
export function adviseToLetIn(user: string): string {
  return `Write "local all ${user} peer" into its pg_hba.conf, above lines that match everybody, and reload it.`;
}

const PROVISION_SQL =
  'Let a superuser run what "pgtoken database sql --provision" prints, in the database that connection names.';

/** Hints by SQLSTATE (PostgreSQL documentation, appendix A) and by the system's own codes. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['42501', 'Let a superuser run what "pgtoken database sql" prints.'],
  ['3F000', PROVISION_SQL],
  ['42883', PROVISION_SQL],
  ['55P03', 'Something holds a lock that is needed: see pg_locks.'],
  ['57014', 'The server took too long: see its log and pg_locks.'],
  [
    '53300',
    'It has no connection left; "pgtoken database sql" gives the role reserved ones from PostgreSQL 16 on.',
  ],
  ['ENOENT', 'Check host and port of the server in issuers.yaml, and whether it runs.'],
  ['ECONNREFUSED', 'Check host and port of the server in issuers.yaml, and whether it runs.'],
  ['EACCES', 'The user of the daemon must be able to enter the folder of its unix socket.'],
]);

/**
 * Says what the driver threw; its messages hold no values but names of roles and databases.
 *
 * @param isConnected whether the server had let us in, and answers a statement.
 * @param user as whom the daemon connects.
 */
export function toServerError(
  error: unknown,
  {
    isConnected = true,
    user = 'pgtoken',
  }: { readonly isConnected?: boolean; readonly user?: string } = {},
): ServerError {
  if (error instanceof ServerError) {
    return error;
  }
  const code = codeOf(error);
  const isRefused = isConnected && isStatementError(code);
  return new ServerError(
    messageOf(error)
      .replaceAll(/[^\x20-\x7e]/g, '?')
      .slice(0, 300),
    code === undefined ? undefined : (hintOf(error, code) ?? adviseOn(code, user)),
    {
      code,
      isRefused,
      keepsConnection: isRefused || (isConnected && OF_STATEMENT.has(code)),
      isAbsent: !isConnected && (code === 'ENOENT' || code === 'ECONNREFUSED'),
    },
  );
}

const NOT_LET_IN: ReadonlySet<string> = new Set(['28000', '28P01']);

function adviseOn(code: string, user: string): string | undefined {
  return NOT_LET_IN.has(code) ? adviseToLetIn(user) : HINTS.get(code);
}

/**
 * A statement that was cancelled, and one that met a change of somebody else ("tuple concurrently updated"). Where the connection
 * ends as well, the driver tells of that by itself.
 */
const OF_STATEMENT: ReadonlySet<string | undefined> = new Set(['57014', 'XX000']);

/** The advice that functions of schema pgtoken give with errors of their own. */
function hintOf(error: unknown, code: string): string | undefined {
  return code.startsWith('PT') &&
    error instanceof Error &&
    'hint' in error &&
    typeof error.hint === 'string'
    ? error.hint
    : undefined;
}

/**
 * Whether a server has answered a statement with an error: it has an SQLSTATE, which EPIPE is not, and is not about the connection as
 * such.
 */
function isStatementError(code: string | undefined): boolean {
  return (
    code !== undefined &&
    /^(?=.*[0-9])[0-9A-Z]{5}$/.test(code) &&
    !/^(?:08|28|53|57|3D|XX)/.test(code)
  );
}
