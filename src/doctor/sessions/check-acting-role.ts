// The servers that the daemon acts on: whether they let it in, and whether it may do what issuers.yaml wants it to.
import { toPrintable } from '../../protocol/format-reply.ts';
import type { Policy } from '../../policy/policy.ts';
import { provisionServerOf } from '../../policy/provision-server.ts';
import { fault, type Finding, ok } from '../finding.ts';
import type { Accounts } from '../host/host.ts';
import { literal } from '../../postgres/quote-sql.ts';
import { quote } from '../../quote.ts';
import { isDerivedRole } from '../../roles/is-derived-role.ts';
import type { ReadRights, ServerRights } from './read-rights.ts';

const RUN_SQL = 'Run, as root:\n  pgtoken database sql | runuser -u postgres -- psql';

/** Looks at each server of `servers`. */
export async function checkActingRole(
  policy: Pick<Policy, 'servers' | 'issuers'> | undefined,
  accounts: Pick<Accounts, 'findUser'>,
  readRights: ReadRights,
): Promise<readonly Finding[]> {
  const findings = (policy?.servers ?? []).map(async ({ name, connection }) => {
    const memberOf = policy === undefined ? undefined : namesGranted(policy, name);
    const rights = await readRights(connection, accounts, memberOf);
    return [
      checkRights(name, connection.user, rights),
      ...(typeof rights === 'string' ? [] : checkProvision(name, rights.provision)),
    ];
  });
  return (await Promise.all(findings)).flat();
}

/** The roles that entries have granted in a server by name; undefined where none provisions roles in it. */
function namesGranted(
  { issuers, servers }: Pick<Policy, 'servers' | 'issuers'>,
  server: string,
): readonly string[] | undefined {
  const provisions = issuers
    .flatMap(({ entry }) => entry.provision ?? [])
    .filter((provision) => provisionServerOf(provision, servers) === server);
  const names = provisions.flatMap(({ memberOf = [] }) =>
    memberOf.flatMap((item) =>
      typeof item === 'string' ? item : isDerivedRole(item) ? [] : (item.role ?? []),
    ),
  );
  return provisions.length === 0 ? undefined : [...new Set(names)];
}

function checkProvision(name: string, provision: ServerRights['provision']): readonly Finding[] {
  if (provision === undefined) {
    return [];
  }
  if ('problem' in provision) {
    return [
      fault(
        'server-schema',
        name,
        `roles cannot be provisioned in it: ${toPrintable(provision.problem)}`,
        `Run, as root:\n  runuser -u postgres -- pgtoken database apply --server ${name}`,
      ),
    ];
  }
  const missing = provision.notAllowed.map((role) =>
    fault(
      'server-not-allowed',
      name,
      `role ${quote(role)} is in memberOf, and is not granted: it is not allowed in the database, or has rights that are never granted`,
      `See SELECT * FROM pgtoken.allowed(). A superuser allows it by:\n  SELECT pgtoken.allow(${literal(role)})`,
    ),
  );
  return missing.length > 0
    ? missing
    : [ok('server', name, 'lets the daemon make roles and grant those that issuers.yaml names')];
}

function checkRights(name: string, user: string, rights: ServerRights | string): Finding {
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
}
