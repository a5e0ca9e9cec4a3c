// The superuser's own way in over the unix socket, which needs no daemon: a pam line above it takes it away, and then nobody
// can administer the server while no token lets the superuser in, which none does by default.
import { fault, type Finding } from '../finding.ts';
import { coversRule } from './hba-coverage.ts';
import type { HBARule } from './parse-hba.ts';
import { nameRule, placeOf } from './place-of.ts';

/**
 * @param own lines that use pgtoken.
 * @param superuser the role that administers the server.
 */
export function checkSuperuser(
  rules: readonly HBARule[],
  own: ReadonlySet<HBARule>,
  superuser: string,
): readonly Finding[] {
  const local = rules.filter((rule) => rule.type === 'local' && isFor(rule, superuser));
  const [first, ...later] = local;
  if (first === undefined || !own.has(first)) {
    return [];
  }
  const lost = later.find(
    (rule) => !['pam', 'reject'].includes(rule.method) && coversRule(first, rule),
  );
  return lost === undefined
    ? []
    : [
        fault(
          'hba-superuser',
          placeOf(first),
          `takes the connections of superuser "${superuser}" over the unix socket, which ${nameRule(lost, first)} below it is for: while no token lets it in, nobody can administer this server`,
          `Write above this line:\n  local all ${superuser} peer`,
        ),
      ];
}

/** Whether a role of this name comes by this rule to every database, as far as names tell. */
function isFor({ users, databases }: HBARule, role: string): boolean {
  return (
    databases.some(({ text, quoted }) => text === 'all' && !quoted) &&
    users.some(({ text, quoted }) => (text === 'all' && !quoted) || text === role)
  );
}
