// The line of pg_hba.conf, and where it belongs. It is never written by us: that file decides every login of the server, of
// people too who have nothing to do with tokens, and in many places another program writes it.
import { containsRange } from '../../doctor/hba/parse-address.ts';
import { type HBAAddress, type HBARule, parseHBA } from '../../doctor/hba/parse-hba.ts';
import type { HBAToken } from '../../doctor/hba/split-hba-lines.ts';
import { quoteIdentifier } from '../../doctor/roles/quote-identifier.ts';
import type { HBAFile, LocalServer } from './find-hba-files.ts';

/** Whose logins the line takes. */
export interface HBALogins {
  readonly service: string;
  readonly database: string;
  /** Such as 10.0.0.0/8; `all`. */
  readonly address: string;
  /** Undefined: all. */
  readonly roles: readonly string[] | undefined;
}

/** A line's place in a pg_hba.conf. */
export interface HBAPlace {
  readonly file: string;
  /** The line above which it goes, below those that reject; undefined: at the end. */
  readonly above: number | undefined;
  /** Whether such a line is in this file already. */
  readonly has: boolean;
  /** The pg_hba.conf that the file belongs to, itself or by an include. */
  readonly root: string;
  readonly server: LocalServer | undefined;
}

/** The line by which a server knows the daemon, where that is to act in it. */
export const DAEMON_LINE = 'local all pgtoken peer';

/** @returns the line; without a line break. */
export function formatHBALine({ service, database, address, roles }: HBALogins): string {
  const users = roles?.map((role) => quoteName(role));
  const databases = database.split(',').map((one) => (KEYWORDS.has(one) ? one : quoteName(one)));
  return `hostssl ${databases.join(',')} ${users?.join(',') ?? 'all'} ${address} pam pamservice=${service}`;
}

/** Words that stand for databases where they have no quotes. */
const KEYWORDS: ReadonlySet<string> = new Set([
  'all',
  'sameuser',
  'samerole',
  'samegroup',
  'replication',
]);

/** A name as pg_hba.conf has it. */
function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !KEYWORDS.has(name) ? name : quoteIdentifier(name);
}

/** Where a line goes that sends logins to a PAM service. */
export function placeLine(
  files: readonly HBAFile[],
  line: string,
  service: string,
): readonly HBAPlace[] {
  return findPlaces(
    files,
    line,
    ({ method, options }) =>
      method === 'pam' &&
      options.some(([name, value]) => name === 'pamservice' && value.toLowerCase() === service),
  );
}

/** Where {@link DAEMON_LINE} goes. */
export function placeDaemonLine(files: readonly HBAFile[]): readonly HBAPlace[] {
  return findPlaces(
    files,
    DAEMON_LINE,
    ({ type, method, users }) =>
      type === 'local' && method === 'peer' && users.some(({ text }) => text === 'pgtoken'),
  );
}

/** The places of lines as they are once others have been written above them. */
export function moveDown(
  places: readonly HBAPlace[],
  before: readonly HBAPlace[],
): readonly HBAPlace[] {
  return places.map((place) => {
    const isLower = before.some(
      ({ file, above, has }) =>
        !has && file === place.file && above !== undefined && above <= (place.above ?? 0),
    );
    return place.above !== undefined && isLower ? { ...place, above: place.above + 1 } : place;
  });
}

function findPlaces(
  files: readonly HBAFile[],
  line: string,
  isIt: (rule: HBARule) => boolean,
): readonly HBAPlace[] {
  const [own] = parseHBA('', line, { read: () => undefined, list: () => [] }).rules;
  if (own === undefined) {
    throw new Error(`this is no line of pg_hba.conf: ${line}`);
  }
  return files.flatMap(({ path, content, server, mayName }) => {
    const first = content.rules.find((rule) => rule.method !== 'reject' && overlaps(rule, own));
    const file = first?.file ?? path;
    return mayName(file)
      ? [{ file, above: first?.line, has: content.rules.some(isIt), root: path, server }]
      : [];
  });
}

/** Whether there may be a login that is for both, over TLS where it is not over a unix socket. */
function overlaps(rule: HBARule, own: HBARule): boolean {
  return (
    (own.type === 'local'
      ? rule.type === 'local'
      : ['host', 'hostssl', 'hostnogssenc'].includes(rule.type)) &&
    mayShare(rule.databases, own.databases, 'replication') &&
    mayShare(rule.users, own.users) &&
    mayBeOfBoth(rule.address, own.address)
  );
}

/** @param apart a keyword that `all` does not include. */
function mayShare(some: readonly HBAToken[], others: readonly HBAToken[], apart?: string): boolean {
  return some.some((one) =>
    others.some((other) => {
      return one.text === apart || other.text === apart || (isName(one) && isName(other))
        ? one.text === other.text
        : true;
    }),
  );
}

/** Not a group, an expression, or a keyword that stands for several. */
function isName({ text, quoted }: HBAToken): boolean {
  return (
    quoted || (/^\w/.test(text) && !['all', 'sameuser', 'samerole', 'samegroup'].includes(text))
  );
}

function mayBeOfBoth(one: HBAAddress | undefined, other: HBAAddress | undefined): boolean {
  return one?.kind !== 'range' || other?.kind !== 'range'
    ? true
    : containsRange(one.range, other.range) || containsRange(other.range, one.range);
}
