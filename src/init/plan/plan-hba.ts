// The line of pg_hba.conf, and where it belongs. It is never written by us: that file decides every login of the server, of
// people too who have nothing to do with tokens, and in many places another program writes it.
import { isLoaded, loadHBAFiles } from '../../doctor/hba/load-hba-files.ts';
import { containsRange } from '../../doctor/hba/parse-address.ts';
import { type HBAAddress, type HBARule, parseHBA } from '../../doctor/hba/parse-hba.ts';
import type { HBAToken } from '../../doctor/hba/split-hba-lines.ts';
import type { InitProblem } from '../init-problem.ts';
import type { Host } from '../../doctor/host/host.ts';

/** Whose logins the line takes. */
export interface HBALogins {
  readonly service: string;
  readonly database: string;
  /** Such as 10.0.0.0/8; `all`. */
  readonly address: string;
  /** Undefined: all. */
  readonly roles: readonly string[] | undefined;
}

/** A pg_hba.conf. */
export interface HBAPlace {
  readonly file: string;
  /** The line above which it goes, below those that reject; undefined: at the end. */
  readonly above: number | undefined;
  /** Whether a line of this file sends logins to the service already. */
  readonly has: boolean;
}

/** @returns the line; without a line break. */
export function formatHBALine({ service, database, address, roles }: HBALogins): string {
  const users = roles?.map((role) =>
    /^[a-z_][a-z0-9_]*$/.test(role) && role !== 'all' ? role : `"${role}"`,
  );
  return `hostssl ${database} ${users?.join(',') ?? 'all'} ${address} pam pamservice=${service}`;
}

/** @param named the file of --hba; undefined: those of the servers of this host. */
export function planHBA(
  named: string | undefined,
  line: string,
  service: string,
  host: Pick<Host, 'files' | 'findServers'>,
): readonly HBAPlace[] | InitProblem {
  const folder = { read: () => undefined, list: () => [] };
  const [own] = parseHBA('', line, folder).rules;
  if (own === undefined) {
    throw new Error(`this is no line of pg_hba.conf: ${line}`);
  }
  const loaded = loadHBAFiles({ named, processes: host.findServers(), servers: [] }, host);
  const [unread] = loaded.flatMap(({ content }) => ('rules' in content ? [] : [content]));
  if (named !== undefined && unread !== undefined) {
    return {
      problem: `--hba ${named} cannot be read: ${unread.message}`,
      hint: 'Name the pg_hba.conf of the server, or leave it out.',
    };
  }
  return loaded.filter(isLoaded).map(({ path, content }) => {
    const first = content.rules.find((rule) => rule.method !== 'reject' && overlaps(rule, own));
    return {
      file: first?.file ?? path,
      above: first?.line,
      has: content.rules.some(
        ({ method, options }) =>
          method === 'pam' &&
          options.some(([name, value]) => name === 'pamservice' && value.toLowerCase() === service),
      ),
    };
  });
}

/** Whether there may be a login over TLS that is for both. */
function overlaps(rule: HBARule, own: HBARule): boolean {
  return (
    ['host', 'hostssl', 'hostnogssenc'].includes(rule.type) &&
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
