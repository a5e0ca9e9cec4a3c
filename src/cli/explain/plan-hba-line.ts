// By which line of pg_hba.conf an explained login would come, and whether that asks pgtoken at all.
import { isIP } from 'node:net';
import { findHBALine, type HBALine } from '../../postgres/find-hba-line.ts';
import type { ServerClient } from '../../postgres/server-client.ts';
import { toServerError } from '../../postgres/server-error.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { quote } from '../../quote.ts';

/** What is asked for, as on the command line. */
export interface MetBy {
  readonly role: string;
  readonly service: string;
  readonly database: string;
  /** Undefined for a unix socket. */
  readonly rhost: string | undefined;
}

/** The line; null: no line matches; or why that cannot be said. */
export type HBAPlan = { readonly line: HBALine | null } | { readonly problem: string };

/** Asks the server. Never rejects for what a server says. */
export async function planHBALine(
  client: Pick<ServerClient, 'query'>,
  { role, database, rhost }: MetBy,
): Promise<HBAPlan> {
  if (rhost !== undefined && isIP(rhost) === 0) {
    return { problem: `the client is given as ${quote(rhost)}; expected an IP address` };
  }
  try {
    return { line: (await findHBALine(client, { role, database, address: rhost })) ?? null };
  } catch (error) {
    return { problem: toPrintable(toServerError(error).message) };
  }
}

/** One sentence. */
export function formatHBALine(plan: HBAPlan, { service, database }: MetBy): string {
  if ('problem' in plan) {
    return `pg_hba.conf cannot be looked at: ${plan.problem}`;
  }
  const { line } = plan;
  if (line === null) {
    return `no line of pg_hba.conf is for this login to database ${quote(database)}: it is rejected`;
  }
  const place =
    line.file === null ? `line ${line.line} of pg_hba.conf` : `${line.file}:${line.line}`;
  const asks =
    line.method === 'pam'
      ? describeService(line.service ?? 'postgresql', service)
      : line.method === 'oauth'
        ? ''
        : ', which does not ask pgtoken';
  const unless =
    line.undecided.length === 0
      ? ''
      : `; unless the client is one of line ${line.undecided.join(', ')}`;
  return `to database ${quote(database)} it would come by ${place} (${line.type}, ${line.method})${asks}${unless}`;
}

function describeService(asked: string, explained: string): string {
  const same = asked.toLowerCase() === explained.toLowerCase();
  return same
    ? `, service ${quote(asked)}`
    : `, service ${quote(asked)} and not ${quote(explained)}`;
}
