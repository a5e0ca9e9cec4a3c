// The servers that the daemon acts on: whether they let it in, and whether it may do what issuers.yaml wants it to.
import { toPrintable } from '../../protocol/format-reply.ts';
import type { Policy } from '../../policy/policy.ts';
import { fault, type Finding, ok } from '../finding.ts';
import type { Accounts } from '../host/host.ts';
import type { ReadRights } from './read-rights.ts';

const RUN_SQL = 'Run, as root:\n  pgtoken database sql | runuser -u postgres -- psql';

/** Looks at each server of `servers`. */
export async function checkActingRole(
  policy: Pick<Policy, 'servers'> | undefined,
  accounts: Pick<Accounts, 'findUser'>,
  readRights: ReadRights,
): Promise<readonly Finding[]> {
  const findings = (policy?.servers ?? []).map(async ({ name, connection }): Promise<Finding> => {
    const { user } = connection;
    const rights = await readRights(connection, accounts);
    if (typeof rights === 'string') {
      return fault(
        'server-closed',
        name,
        `the daemon is not let in as role ${user}, so that no session ends: ${toPrintable(rights)}`,
        `Prepare it as docs/operate/sessions.md says: the role, and a line of pg_hba.conf for it.`,
      );
    }
    if (rights.isSuperuser) {
      return fault(
        'server-superuser',
        name,
        `role ${user}, as which the daemon acts, is a superuser; expected one with two rights`,
        RUN_SQL,
      );
    }
    return rights.lacks.length > 0
      ? fault(
          'server-unprivileged',
          name,
          `role ${user} lacks the rights of ${rights.lacks.join(' and ')}, so that no session ends`,
          RUN_SQL,
        )
      : ok('server', name, `lets the daemon in as role ${user}, which may end sessions`);
  });
  return Promise.all(findings);
}
