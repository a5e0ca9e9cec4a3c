// Roles of several servers as one: a rule may be for any of them, and what one permits counts.
import type { DatabaseRole } from '../roles/read-roles.ts';

/** A role is there where one server has it, and may what it may on any. */
export function mergeRoles(
  answers: readonly { readonly roles: readonly DatabaseRole[] }[],
): readonly DatabaseRole[] {
  const merged = new Map<string, DatabaseRole>();
  for (const role of answers.flatMap(({ roles }) => roles)) {
    const other = merged.get(role.name);
    merged.set(role.name, other === undefined ? role : mergeRole(other, role));
  }
  return [...merged.values()];
}

function mergeRole(a: DatabaseRole, b: DatabaseRole): DatabaseRole {
  return {
    name: a.name,
    mayLogIn: a.mayLogIn || b.mayLogIn,
    isSuperuser: a.isSuperuser || b.isSuperuser,
    powers: [...new Set([...a.powers, ...b.powers])],
    // Where it may not log in, it does not matter that it has expired.
    expiredAt: [a, b].find((role) => role.mayLogIn && role.expiredAt !== undefined)?.expiredAt,
  };
}
