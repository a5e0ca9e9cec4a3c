// Roles that may do everything, or as good as: superusers, and those whose attributes or memberships lead there. A token that is
// stolen is then worth the whole server, and the files of its host.
import { quote } from '../../quote.ts';
import { fault, type Finding } from '../finding.ts';
import type { ReachedRole } from './find-reach.ts';

/** @returns a warning for each. */
export function checkPowers(reached: readonly ReachedRole[]): readonly Finding[] {
  return reached.flatMap((reach) => {
    const { isSuperuser, powers } = reach.role;
    return isSuperuser
      ? [tell('role-superuser', reach, 'a superuser')]
      : powers.length > 0
        ? [tell('role-privileged', reach, `as good as a superuser (${powers.join('; ')})`)]
        : [];
  });
}

function tell(
  kind: 'role-superuser' | 'role-privileged',
  { role, place, entries, isException }: ReachedRole,
  what: string,
): Finding {
  const name = quote(role.name);
  const [message, hint] = isException
    ? [
        `role ${name} is ${what}, and allowProtectedRoles lets tokens of ${entries.join(', ')} log in as it`,
        'Take it out of allowProtectedRoles, and grant what is needed to another role.',
      ]
    : place === undefined
      ? [
          `it is ${what} and not protected: a token with a claim that reads so may log in as it (rules of ${entries.join(', ')})`,
          `Add ${name} to protectedRoles.`,
        ]
      : [
          `role ${name} is ${what}, and this rule lets a token log in as it`,
          `Name a role without ${role.isSuperuser ? 'SUPERUSER' : 'these rights'}, and add this one to protectedRoles.`,
        ];
  return fault(kind, place ?? role.name, message, hint);
}
